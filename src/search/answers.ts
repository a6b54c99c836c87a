import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import { listSpans, type Span } from "../artifacts/queries.ts";
import { countDifferences, type Difference, type DifferenceCounts, listDifferences } from "../compare/queries.ts";
import type { Database } from "../database/connect.ts";
import { listPromotions, type Promotion } from "../promotions/queries.ts";
import { type ApprovedBy, listApprovers } from "../record/approvers.ts";
import { findArtifact } from "../record/artifacts.ts";
import { endOfTime, type PlacementAsOf, placementsAsOf } from "../record/as-of.ts";
import { changesAround } from "../record/changes.ts";
import { normalKey } from "../record/keys.ts";
import type { Kind } from "../schema.ts";
import { search } from "./queries.ts";
import type { Question } from "./questions.ts";
import { parseSearchQuery } from "./search-query.ts";

interface Named {
  id: string;
  kind: Kind;
  key: string;
  title: string | null;
}

/** How something stands in one environment, and who let it go there. */
export interface ArtifactPlace {
  environment: Environment;
  /** Nothing: it was never recorded there. */
  standing: PlacementAsOf | undefined;
  approvals: ApprovedBy[];
}

type Asked<Asks extends Question["asks"]> = Extract<Question<Environment>, { asks: Asks }>;

export type SearchAnswer =
  | { to: "where"; named: Named; at?: string | undefined; places: ArtifactPlace[] }
  | { to: "who"; named: Named; at?: string | undefined; place: ArtifactPlace }
  | { to: "when"; named: Named; environment: Environment; spans: Span[]; more: boolean }
  | ({
      to: "changed";
      /** When Sitebook was first told of it, where that is later than what was asked about. */
      first?: string | undefined;
      tallies: Record<Kind, DifferenceCounts>;
      lines: Difference[];
    } & Omit<Asked<"changed">, "asks">)
  | { to: "waits"; role?: { name: string } | undefined; promotions: Promotion[] }
  | { to: "is"; environment: Environment }
  | { to: "sorry"; sentence: string };

const mostChanges = 100;

const mostSpans = 20;

/** Answers what can be answered; nothing where the words are only to be looked for. */
export async function answerQuestion(
  db: Database,
  site: Site,
  question: Question<Environment>,
  text: string,
  now: string,
): Promise<SearchAnswer | undefined> {
  switch (question.asks) {
    case "where":
    case "who":
    case "when":
      return aboutOne(db, site, question, now);
    case "changed":
      return whatChanged(db, site, question);
    case "waits":
      return whatWaits(db, site, question);
    case "is":
      return { to: "is", environment: question.environment };
    case "unclear":
      return { to: "sorry", sentence: question.sentence };
    case "was":
      return undefined;
    case "nothing": {
      const named = await findExactly(db, site.id, text);
      return named && { to: "where", named, places: await placesOf(db, site, named) };
    }
  }
}

async function aboutOne(
  db: Database,
  site: Site,
  question: Asked<"where"> | Asked<"who"> | Asked<"when">,
  now: string,
): Promise<SearchAnswer> {
  const named = await findNamed(db, site.id, question.what);
  if (!named) return { to: "sorry", sentence: unknown(question.what) };
  if (question.asks === "where")
    return { to: "where", named, at: question.at, places: await placesOf(db, site, named, question.at) };
  const { environment } = question;
  if (question.asks === "who") {
    const place = await placeOf(db, site, environment, named, question.at);
    return { to: "who", named, at: question.at, place };
  }
  const spans = await listSpans(db, environment.id, named.id, { to: now, limit: mostSpans + 1 });
  return { to: "when", named, environment, spans: spans.slice(0, mostSpans), more: spans.length > mostSpans };
}

const unknown = (what: string) => {
  const name = what.length > 80 ? `${what.slice(0, 80)}…` : what;
  return `Sitebook has not been told of ${what.startsWith("/") ? "a page" : "a page or software called"} ${name}.`;
};

/** What is called exactly so, or is the only thing that the words fit. */
async function findNamed(db: Database, siteId: string, what: string): Promise<Named | undefined> {
  const exact = await findExactly(db, siteId, what);
  if (exact) return exact;
  const [hit, other] = await search(db, siteId, "artifact", parseSearchQuery(what), { limit: 2 });
  if (!hit || other) return;
  return db.selectFrom("artifacts").select(["id", "kind", "key", "title"]).where("id", "=", hit.ref).executeTakeFirst();
}

async function findExactly(db: Database, siteId: string, what: string): Promise<Named | undefined> {
  const told = what
    .trim()
    .replace(/^(?:the )?(?:page|software) /i, "")
    .replace(/^["'“”]+|["'“”]+$/g, "");
  const url = /^https?:\/\//.test(told) ? URL.parse(told) : null;
  const name = url?.pathname ?? told;
  const kind = name.startsWith("/") ? "page" : "software";
  const other = kind === "page" ? [name.endsWith("/") ? name.slice(0, -1) : `${name}/`] : [];
  for (const key of new Set([name, ...other, name.toLowerCase()])) {
    const found = key && key.length <= 2000 && (await findArtifact(db, siteId, kind, normalKey(kind, key)));
    if (found) return found;
  }
}

async function placesOf(db: Database, site: Site, named: Named, at?: string): Promise<ArtifactPlace[]> {
  const places: ArtifactPlace[] = [];
  for (const environment of site.environments) places.push(await placeOf(db, site, environment, named, at));
  return places;
}

async function placeOf(
  db: Database,
  site: Site,
  environment: Environment,
  named: Named,
  at?: string,
): Promise<ArtifactPlace> {
  const slice = { ids: [named.id], removed: true };
  const [stands] = await placementsAsOf(db, site.id, environment.id, { asOf: at ?? endOfTime }, slice);
  const approvals = await listApprovers(db, [stands?.promotion_id ?? null]);
  return { environment, standing: stands, approvals: approvals.get(stands?.promotion_id ?? "") ?? [] };
}

async function whatChanged(
  db: Database,
  site: Site,
  { environment, from, until }: Asked<"changed">,
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
    tallies: await countDifferences(db, site, sides),
    lines: await listDifferences(db, site, sides, { limit: mostChanges }),
  };
}

async function whatWaits(db: Database, site: Site, { role }: Asked<"waits">): Promise<SearchAnswer> {
  const open = await listPromotions(db, site.id, { open: true });
  const wanted = open.filter((one) =>
    one.requirements.some((it) => it.given < it.needed && (!role || it.role === role.slug)),
  );
  return { to: "waits", role, promotions: wanted };
}
