import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import { listSpans, type Span } from "../artifacts/queries.ts";
import { countDifferences, type Difference, type DifferenceCounts, listDifferences } from "../compare/queries.ts";
import type { Database } from "../database/connect.ts";
import { listSiteActors } from "../history/queries.ts";
import { listPromotions, type Promotion } from "../promotions/queries.ts";
import { type ApprovedBy, listApprovers } from "../record/approvers.ts";
import { findArtifact } from "../record/artifacts.ts";
import { endOfTime, type PlacementAsOf, placementsAsOf } from "../record/as-of.ts";
import { changesAround } from "../record/changes.ts";
import { environmentEvents, environmentsAsOf } from "../record/environments-as-of.ts";
import { formerNames, nameAt } from "../record/former-names.ts";
import { normalKey } from "../record/keys.ts";
import { currentTitle } from "../record/titles.ts";
import type { Kind } from "../schema.ts";
import { foldText, joinWithAnd, slugFrom } from "../text.ts";
import { listApprovals, type PastApproval, search } from "./queries.ts";
import type { Question } from "./questions.ts";
import { parseSearchQuery } from "./search-query.ts";

interface Artifact {
  id: string;
  kind: Kind;
  key: string;
  title: string | null;
}

/** The version of an artifact in one environment, and who approved it there. */
export interface ArtifactPlacement {
  /** With the name of that moment. */
  environment: Environment;
  /** What the environment is called now, if that differs. */
  nameNow: string | undefined;
  /** Undefined if it was never recorded there. */
  placement: PlacementAsOf | undefined;
  approvals: ApprovedBy[];
}

type QuestionOf<Asks extends Question["asks"]> = Extract<Question<Environment>, { asks: Asks }>;

export type SearchAnswer =
  | { to: "where"; artifact: Artifact; at?: string | undefined; placements: ArtifactPlacement[] }
  | { to: "who"; artifact: Artifact; at?: string | undefined; placement: ArtifactPlacement }
  | { to: "when"; artifact: Artifact; environment: Environment; spans: Span[]; more: boolean }
  | ({
      to: "changed";
      /** When the record of the environment starts, if that is after the start of the period. */
      first?: string | undefined;
      counts: Record<Kind, DifferenceCounts>;
      lines: Difference[];
    } & Omit<QuestionOf<"changed">, "asks">)
  | { to: "waiting"; role?: { name: string } | undefined; promotions: Promotion[] }
  | { to: "approved"; whom: string; environment?: Environment | undefined; approvals: PastApproval[]; more: boolean }
  | { to: "contents"; environment: Environment }
  | { to: "unanswerable"; sentence: string };

const maxChanges = 100;

const maxSpans = 20;

/** The answer to a question; undefined if the text is no question, so that only its words are searched for. */
export async function answerQuestion(
  db: Database,
  site: Site,
  question: Question<Environment>,
  text: string,
  { now, roles }: { now: string; roles: Record<string, string> },
): Promise<SearchAnswer | undefined> {
  switch (question.asks) {
    case "where":
    case "who":
    case "when":
      return answerAboutArtifact(db, site, question, now);
    case "changed":
      return answerChanges(db, site, question);
    case "waiting":
      return answerWaiting(db, site, question);
    case "contents":
      return { to: "contents", environment: question.environment };
    case "unclear":
      return { to: "unanswerable", sentence: question.sentence };
    case "approved":
      return answerApproved(db, site, question, roles);
    case "out of band":
    case "past contents":
      return undefined;
    case "nothing": {
      const artifact = await findExactly(db, site.id, text);
      return artifact && { to: "where", artifact, placements: await placementsOf(db, site, artifact) };
    }
  }
}

async function answerAboutArtifact(
  db: Database,
  site: Site,
  question: QuestionOf<"where"> | QuestionOf<"who"> | QuestionOf<"when">,
  now: string,
): Promise<SearchAnswer> {
  const [artifact, ...others] = await findByName(db, site.id, question.what);
  if (!artifact) return { to: "unanswerable", sentence: notRecorded(question.what) };
  if (others.length) return { to: "unanswerable", sentence: ambiguous(question.what) };
  if (question.asks === "where") {
    const placements = await placementsOf(db, site, artifact, question.at);
    return { to: "where", artifact: entitled(artifact, placements), at: question.at, placements };
  }
  const { environment } = question;
  if (question.asks === "who") {
    const placement = await placementIn(db, site, environment, artifact, question.at);
    return { to: "who", artifact: entitled(artifact, [placement]), at: question.at, placement };
  }
  const current = await placementIn(db, site, environment, artifact);
  const spans = await listSpans(db, environment.id, artifact.id, { to: now, limit: maxSpans + 1 });
  return {
    to: "when",
    artifact: entitled(artifact, [current]),
    environment,
    spans: spans.slice(0, maxSpans),
    more: spans.length > maxSpans,
  };
}

/** With the title that it has, or had then, in the last of these environments. */
const entitled = (artifact: Artifact, placements: ArtifactPlacement[]): Artifact => ({
  ...artifact,
  title: placements.findLast(({ placement }) => placement?.title)?.placement?.title ?? artifact.title,
});

const short = (what: string) => (what.length > 80 ? `${what.slice(0, 80)}…` : what);

const notRecorded = (what: string) =>
  `No such ${what.startsWith("/") ? "page" : "page or software"} recorded: ${short(what)}.`;

const ambiguous = (what: string) =>
  `There are several pages or software items for “${short(subjectOf(what))}”. Ask again with the path or name of one.`;

/** "the sale page" without what people say around a name. */
export const subjectOf = (what: string): string =>
  what
    .replace(/^(?:the|our|a) /i, "")
    .replace(/^(?:page|software) | (?:page|software|service)$/i, "")
    .replace(/^["'“”]+|["'“”]+$/g, "");

/** The artifact with exactly this name or title, or the path /sale for "the sale page", or else all that the words match. */
async function findByName(db: Database, siteId: string, what: string): Promise<Artifact[]> {
  const subject = subjectOf(what);
  const exact = (await findExactly(db, siteId, what)) ?? (await findExactly(db, siteId, subject));
  if (exact) return [exact];
  const hits = await search(db, siteId, "artifact", parseSearchQuery(subject), { limit: 20 });
  if (!hits.length) return [];
  const ids = hits.map(({ ref }) => ref);
  const found = await db
    .selectFrom("artifacts as a")
    .select(["a.id", "a.kind", "a.key", currentTitle.as("title")])
    .where("a.id", "in", ids)
    .execute();
  const folded = foldText(subject);
  const titled = found.filter(({ title }) => title && foldText(title) === folded);
  const named = found.filter(({ key }) => key === `/${slugFrom(subject)}`);
  return [titled, named].find((list) => list.length === 1) ?? found;
}

async function findExactly(db: Database, siteId: string, what: string): Promise<Artifact | undefined> {
  const text = what
    .trim()
    .replace(/^(?:the )?(?:page|software) /i, "")
    .replace(/^["'“”]+|["'“”]+$/g, "");
  const url = /^https?:\/\//.test(text) ? URL.parse(text) : null;
  const name = url?.pathname ?? text;
  const kind = name.startsWith("/") ? "page" : "software";
  const other = kind === "page" ? [name.endsWith("/") ? name.slice(0, -1) : `${name}/`] : [];
  for (const key of new Set([name, ...other, name.toLowerCase()])) {
    const found = key && key.length <= 2000 && (await findArtifact(db, siteId, kind, normalKey(kind, key)));
    if (found) return found;
  }
}

async function placementsOf(db: Database, site: Site, artifact: Artifact, at?: string): Promise<ArtifactPlacement[]> {
  const { existing, added } = at ? await environmentsAt(db, site, at) : { existing: site.environments, added: [] };
  const placements: ArtifactPlacement[] = [];
  for (const environment of [...existing, ...added])
    placements.push(await placementIn(db, site, environment, artifact, at));
  return placements.filter(({ placement }, i) => i < existing.length || placement);
}

/**
 * The environments of a moment in the order of then; and those added since, for which something of that moment may have
 * been recorded late. All of now if there were none yet.
 */
async function environmentsAt(db: Database, site: Site, at: string) {
  const all = [...site.environments, ...site.retired];
  const ids = environmentsAsOf(await environmentEvents(db, site.id), at).map(({ id }) => id);
  if (!ids.length) return { existing: site.environments, added: [] };
  return {
    existing: ids.flatMap((id) => all.find((environment) => environment.id === id) ?? []),
    added: site.environments.filter(({ id }) => !ids.includes(id)),
  };
}

async function placementIn(
  db: Database,
  site: Site,
  environment: Environment,
  artifact: Artifact,
  at?: string,
): Promise<ArtifactPlacement> {
  const slice = { ids: [artifact.id], removed: true };
  const [placement] = await placementsAsOf(db, site.id, environment.id, { asOf: at ?? endOfTime }, slice);
  const approvers = await listApprovers(db, placement ? [placement] : []);
  const name = nameAt(await formerNames(db, [environment.id]), environment, at ?? endOfTime);
  return {
    environment: { ...environment, name },
    nameNow: environment.name === name ? undefined : environment.name,
    placement,
    approvals: approvers.get(placement?.promotion_id ?? "") ?? [],
  };
}

async function answerChanges(
  db: Database,
  site: Site,
  { environment, from, until }: QuestionOf<"changed">,
): Promise<SearchAnswer> {
  const sides = {
    from: { environment, moment: { asOf: from } },
    to: { environment, moment: { asOf: until ?? endOfTime } },
  };
  const { first } = await changesAround(db, environment.id, { asOf: from });
  return {
    to: "changed",
    environment,
    from,
    until,
    first: first && first > from ? first : undefined,
    counts: await countDifferences(db, site, sides),
    lines: await listDifferences(db, site, sides, { limit: maxChanges }),
  };
}

const maxApprovals = 20;

async function answerApproved(
  db: Database,
  site: Site,
  { whom, environment }: QuestionOf<"approved">,
  roles: Record<string, string>,
): Promise<SearchAnswer> {
  const name = foldText(whom);
  const [role, roleName] = Object.entries(roles).find((entry) => entry.some((alias) => foldText(alias) === name)) ?? [];
  const actors = role === undefined ? await listSiteActors(db, site.id) : [];
  const people = await peopleCalled(db, actors, whom);
  if (role === undefined && !people.length)
    return { to: "unanswerable", sentence: `There is no role or person "${whom.slice(0, 60)}" on this site.` };
  const approvals = await listApprovals(db, site.id, {
    ...(role !== undefined && { role }),
    people: people.map(({ id }) => id),
    ...(environment && { environment: environment.id }),
    limit: maxApprovals + 1,
  });
  const shown = approvals.slice(0, maxApprovals);
  return {
    to: "approved",
    whom: roleName ?? joinWithAnd(people.map((person) => person.shown)),
    environment,
    approvals: shown,
    more: approvals.length > maxApprovals,
  };
}

/** Those with this name or first name now; else those who had it once. */
async function peopleCalled<P extends { id: string; name: string }>(db: Database, people: P[], whom: string) {
  const isCalled = (name: string) => [name, name.split(" ")[0] ?? ""].some((part) => foldText(part) === foldText(whom));
  const now = people.filter(({ name }) => isCalled(name));
  if (now.length || !people.length) return now;
  const ids = people.map(({ id }) => id);
  const once = new Set((await formerNames(db, ids)).filter(({ name }) => isCalled(name)).map(({ of_id }) => of_id));
  return people.filter(({ id }) => once.has(id));
}

async function answerWaiting(db: Database, site: Site, { role }: QuestionOf<"waiting">): Promise<SearchAnswer> {
  const open = await listPromotions(db, site.id, { open: true });
  const waiting = open.filter(({ requirements }) =>
    requirements.some((required) => required.given < required.needed && (!role || required.role === role.slug)),
  );
  return { to: "waiting", role, promotions: waiting };
}
