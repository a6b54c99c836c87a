import { type Actor, withoutReplay } from "../access/actor.ts";
import { findAccess, findEnvironment, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { recordDeployment } from "../deployments/record.ts";
import { notFound } from "../errors.ts";
import { withoutNotices } from "../notices/write-notices.ts";
import { dropLinks } from "../people/links.ts";
import { invite } from "../people/people.ts";
import { complete, decide, requestPromotion } from "../promotions/promotions.ts";
import type { ReportLine } from "../record/report.ts";
import { createRelease } from "../releases/releases.ts";
import { createSite } from "../sites/sites.ts";
import { type ExamplePerson, pages, people, requires, shop } from "./shop.ts";
import { type Step, type StoryDeployment, type StoryMoment, story } from "./story.ts";

/** What later steps of the story refer to. */
interface ExampleState {
  db: Database;
  site: Site;
  actors: Record<ExamplePerson, Actor>;
  /** The current version of everything on beta; null: removed. */
  beta: Map<string, string | null>;
  releases: Map<string, number>;
  promotions: Map<string, { number: number; digest: string }>;
}

/**
 * Creates the example shop with three months of history that end now, by the same verbs that pages and the API use. Its
 * people have accounts with the password of the actor.
 */
export async function createExample(db: Database, actor: Actor): Promise<{ slug: string }> {
  const founder = { ...withoutReplay(actor), at: moment(actor.at, [64, "08:30"]) };
  const site = await createSite(db, founder, shop, ["account-manager"]);
  await withoutNotices(db, site.id, actor.at, async () => {
    const actors = await createAccounts(db, founder, site);
    const state: ExampleState = { db, site, actors, beta: new Map(), releases: new Map(), promotions: new Map() };
    for (const step of story) await carryOut(state, step, moment(actor.at, step.when));
  });
  return { slug: shop.slug };
}

async function createAccounts(db: Database, founder: Actor, site: Site): Promise<Record<ExamplePerson, Actor>> {
  const administrator = { ...founder, ...(await findAccess(db, founder.person.id, site.slug)) };
  const { password } = await db
    .selectFrom("people")
    .select("password")
    .where("id", "=", founder.person.id)
    .executeTakeFirstOrThrow();
  const actors: Partial<Record<ExamplePerson, Actor>> = {};
  for (const key of Object.keys(people) as ExamplePerson[]) {
    const { name, role } = people[key];
    const email = `${key}@example.test`;
    const { id } = await invite(db, administrator, site, { name, email, roles: [role] });
    await db.updateTable("people").set({ password }).where("id", "=", id).where("password", "is", null).execute();
    await dropLinks(db, id);
    const access = (await findAccess(db, id, site.slug)) ?? notFound("person");
    actors[key] = { ...access, person: { id, name, email, kind: "person" }, at: founder.at };
  }
  return actors as Record<ExamplePerson, Actor>;
}

async function carryOut(state: ExampleState, step: Step, at: string): Promise<void> {
  const { db, site, actors, releases, promotions } = state;
  const manager = { ...actors.clara, at };
  if ("contributor" in step) await recordStoryDeployment(state, { ...actors.tom, at }, step.contributor);
  else if ("releases" in step) {
    const release = await createRelease(db, manager, site, newReleaseOf(state, step.releases));
    releases.set(step.releases.name, release.number);
  } else if ("requests" in step) {
    const request = { release: releases.get(step.requests) ?? notFound("release"), to: step.into, note: step.note };
    promotions.set(`${step.requests} into ${step.into}`, await requestPromotion(db, manager, site, request));
  } else if ("completes" in step)
    await complete(db, manager, site, promotionOf(state, step.completes, step.into).number, {});
  else await decideAs(state, { ...actors[step.as], at }, step);
}

async function recordStoryDeployment(
  { db, site, beta }: ExampleState,
  actor: Actor,
  { on, lines, note, source, hoursLate = 0 }: StoryDeployment,
): Promise<void> {
  const environment = findEnvironment(site, on);
  const placements = lines.map((line) => parseLine(line, beta));
  const effective_at = new Date(Date.parse(actor.at) - hoursLate * hourMs).toISOString();
  await recordDeployment(db, actor, site, environment, { effective_at, note, source, placements });
  if (on === "beta") for (const { key, version } of placements) beta.set(key, version);
}

/** Reads `key version | notes`, or `-key`. A page's title is recorded with its first version. */
function parseLine(line: string, beta: ExampleState["beta"]): ReportLine {
  const [name = "", notes] = line.split(" | ");
  const [key = "", version = null] = name.replace(/^-/, "").split(" ");
  const title = beta.has(key) ? undefined : pages[key]?.[0];
  return { kind: kindOf(key), key, version, title, notes, requires: requires[name] };
}

const kindOf = (key: string) => (key.startsWith("/") ? "page" : "software");

type StoryRelease = Extract<Step, { releases: object }>["releases"];

/** A release of the named lines in their versions on beta, or of all differences from beta to demo. */
function newReleaseOf({ beta }: ExampleState, { name, notes, only }: StoryRelease) {
  if (!only) return { name, notes, differences: { from: "beta", to: "demo" } };
  return {
    name,
    notes,
    contents: only.map((key) => ({ kind: kindOf(key), key, version: beta.get(key) ?? null }) as const),
  };
}

async function decideAs(state: ExampleState, actor: Actor, step: Extract<Step, { as: ExamplePerson }>): Promise<void> {
  const [decision, name] =
    "approves" in step ? (["approve", step.approves] as const) : (["reject", step.rejects] as const);
  const { number, digest } = promotionOf(state, name, step.into);
  await decide(state.db, actor, state.site, number, { decision, digest, comment: step.comment });
}

function promotionOf({ promotions }: ExampleState, name: string, into: string): { number: number; digest: string } {
  return promotions.get(`${name} into ${into}`) ?? notFound("promotion");
}

const hourMs = 60 * 60 * 1000;

/** Counts back in working days, starting before today: so nothing happens at a weekend, or in the future. */
function moment(now: string, [daysAgo, time]: StoryMoment): string {
  let day = Date.parse(`${now.slice(0, 10)}T00:00:00.000Z`);
  for (let left = daysAgo; left > 0; ) {
    day -= 24 * hourMs;
    if (![0, 6].includes(new Date(day).getUTCDay())) left--;
  }
  return `${new Date(day).toISOString().slice(0, 11)}${time}:00.000Z`;
}
