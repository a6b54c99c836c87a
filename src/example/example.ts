import { type Actor, withoutReplay } from "../access/actor.ts";
import { findAccess, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { recordDeployment } from "../deployments/record.ts";
import { notFound } from "../errors.ts";
import { dropLinks } from "../people/links.ts";
import { invite } from "../people/people.ts";
import { complete, decide, requestPromotion } from "../promotions/promotions.ts";
import type { ReportLine } from "../record/report.ts";
import { createRelease } from "../releases/releases.ts";
import { createSite } from "../sites/sites.ts";
import { accounts, type ExampleRole, pages, requires, shop } from "./shop.ts";
import { type Step, type StoryDeployment, type StoryMoment, story } from "./story.ts";

/** What the telling of the story has to remember. */
interface Book {
  db: Database;
  site: Site;
  actors: Record<ExampleRole, Actor>;
  /** What beta holds by now. */
  beta: Map<string, string | null>;
  releases: Map<string, number>;
  promotions: Map<string, { number: number; digest: string }>;
}

/**
 * Makes the example shop: three months of history that end now, told through the verbs that everybody uses. Its
 * accounts, one a role, sign in with the password of whoever makes it.
 */
export async function makeExample(db: Database, by: Actor): Promise<{ slug: string }> {
  const founder = { ...withoutReplay(by), at: moment(by.at, [64, "08:30"]) };
  const site = await createSite(db, founder, shop, ["account-manager"]);
  const actors = await hire(db, founder, site);
  const book: Book = { db, site, actors, beta: new Map(), releases: new Map(), promotions: new Map() };
  for (const step of story) await happen(book, step, moment(by.at, step.when));
  return { slug: shop.slug };
}

async function hire(db: Database, founder: Actor, site: Site): Promise<Record<ExampleRole, Actor>> {
  const by = { ...founder, ...(await findAccess(db, founder.person.id, site.slug)) };
  const { password } = await db
    .selectFrom("people")
    .select("password")
    .where("id", "=", founder.person.id)
    .executeTakeFirstOrThrow();
  const actors: Partial<Record<ExampleRole, Actor>> = {};
  for (const { role, name } of accounts) {
    const email = `${role}@example.test`;
    const { id } = await invite(db, by, site, { name, email, roles: [role] });
    await db.updateTable("people").set({ password }).where("id", "=", id).where("password", "is", null).execute();
    await dropLinks(db, id);
    const access = (await findAccess(db, id, site.slug)) ?? notFound("person");
    actors[role] = { ...access, person: { id, name, email, kind: "person" }, at: founder.at };
  }
  return actors as Record<ExampleRole, Actor>;
}

async function happen(book: Book, step: Step, at: string): Promise<void> {
  const { db, site, actors, releases, promotions } = book;
  const manager = { ...actors["account-manager"], at };
  if ("contributor" in step) await tell(book, { ...actors.contributor, at }, step.contributor);
  else if ("releases" in step) {
    const release = await createRelease(db, manager, site, wanted(book, step.releases));
    releases.set(step.releases.name, release.number);
  } else if ("asks" in step) {
    const wish = { release: releases.get(step.asks) ?? notFound("release"), to: step.into, note: step.note };
    promotions.set(`${step.asks} into ${step.into}`, await requestPromotion(db, manager, site, wish));
  } else if ("completes" in step) await complete(db, manager, site, asked(book, step.completes, step.into).number, {});
  else await judge(book, { ...actors[step.as], at }, step);
}

async function tell(
  { db, site, beta }: Book,
  by: Actor,
  { on, lines, note, source, late = 0 }: StoryDeployment,
): Promise<void> {
  const place = site.environments.find((one) => one.slug === on) ?? notFound("environment");
  const placements = lines.map((line) => read(line, beta));
  const effective_at = new Date(Date.parse(by.at) - late * hour).toISOString();
  await recordDeployment(db, by, site, place, { effective_at, note, source, placements });
  if (on === "beta") for (const { key, version } of placements) beta.set(key, version);
}

/** `key version | what is new in it`, or `-key`. A page's title is told when it first comes up. */
function read(line: string, beta: Book["beta"]): ReportLine {
  const [name = "", notes] = line.split(" | ");
  const [key = "", version = null] = name.replace(/^-/, "").split(" ");
  const title = beta.has(key) ? undefined : pages[key]?.[0];
  return { kind: kindOf(key), key, version, title, notes, requires: requires[name] };
}

const kindOf = (key: string) => (key.startsWith("/") ? "page" : "software");

type Wanted = Extract<Step, { releases: object }>["releases"];

/** The lines named, as beta holds them, or all that demo has not. */
function wanted({ beta }: Book, { name, notes, only }: Wanted) {
  if (!only) return { name, notes, differences: { from: "beta", to: "demo" } };
  return {
    name,
    notes,
    contents: only.map((key) => ({ kind: kindOf(key), key, version: beta.get(key) ?? null }) as const),
  };
}

async function judge(book: Book, by: Actor, step: Extract<Step, { as: ExampleRole }>): Promise<void> {
  const [decision, name] =
    "approves" in step ? (["approve", step.approves] as const) : (["reject", step.rejects] as const);
  const { number, digest } = asked(book, name, step.into);
  await decide(book.db, by, book.site, number, { decision, digest, comment: step.comment });
}

function asked({ promotions }: Book, name: string, into: string): { number: number; digest: string } {
  return promotions.get(`${name} into ${into}`) ?? notFound("promotion");
}

const hour = 60 * 60 * 1000;

/** Working days count back from the one before today, so that nobody in the shop works at the weekend, or later than now. */
function moment(now: string, [daysAgo, time]: StoryMoment): string {
  let day = Date.parse(`${now.slice(0, 10)}T00:00:00.000Z`);
  for (let left = daysAgo; left > 0; ) {
    day -= 24 * hour;
    if (![0, 6].includes(new Date(day).getUTCDay())) left--;
  }
  return `${new Date(day).toISOString().slice(0, 11)}${time}:00.000Z`;
}
