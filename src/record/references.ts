import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { notFound, refuseFields } from "../errors.ts";
import { type ParsedMoment, parseMoment } from "../time/parse-moment.ts";
import { endOfTime, type Moment } from "./as-of.ts";
import { changesBack } from "./changes.ts";

export interface EnvironmentAtMoment {
  environment: Environment;
  moment: Moment;
  /** The moment that was asked for; nothing where it is now. */
  at?: string | undefined;
  /** When it was known, where that was asked for. */
  knownAt?: string | undefined;
  /** How its time was read, if it had to be interpreted. */
  note?: string | undefined;
}

/** The side as it was known at a moment; as it is known today where none is named. */
export function withKnownAt(
  side: EnvironmentAtMoment,
  text: string | undefined,
  site: Site,
  now: string,
): EnvironmentAtMoment | { wrong: string } {
  if (!text?.trim()) return side;
  const read = parseMoment(text, site.time_zone, now);
  if ("wrong" in read) return { wrong: `Known when? ${read.wrong}` };
  return { ...side, moment: { ...side.moment, knownAt: read.at }, knownAt: read.at };
}

/** Which moment of an environment is meant: so many changes back, after a deployment, or at a time; "" is now. */
export type ReferenceMoment = { back: number } | { deployment: number } | { time: string };

/** `live`, `live~1`, `live#42`, `live@{2.days.ago}`, `live@2026-03-03T14:00:00Z`: the environment, and the rest. */
export function splitReference(text: string): [slug: string, when: string] {
  const [, slug = "", when = ""] = /^([^@~#]*)(.*)$/s.exec(text.trim()) ?? [];
  return [slug, when];
}

export function parseWhen(text: string): ReferenceMoment {
  const when = text.trim();
  const [, back] = /^~(\d{0,5})$/.exec(when) ?? [];
  if (back !== undefined) return { back: back === "" ? 1 : Number(back) };
  const [, deployment] = /^#(\d{1,9})$/.exec(when) ?? [];
  if (deployment) return { deployment: Number(deployment) };
  const time = when.replace(/^@/, "");
  return { time: /^\{(.*)\}$/s.exec(time)?.[1] ?? time };
}

/** What a reference names, or why it names nothing. An environment that the site has not is missing. */
export function findReference(
  db: Database,
  site: Site,
  text: string,
  now: string,
): Promise<EnvironmentAtMoment | { wrong: string }> {
  return findEnvironmentAtMoment(db, site, ...splitReference(text), now);
}

/** The same for a parameter, which is refused where it names nothing. */
export async function readReference(
  db: Database,
  site: Site,
  { path, text, now }: { path: string; text: string; now: string },
): Promise<EnvironmentAtMoment> {
  const read = await findReference(db, site, text, now);
  if ("wrong" in read) throw refuseFields([{ path, message: read.wrong }]);
  return read;
}

/** The same from two fields: an environment, and which moment of it. */
export async function findEnvironmentAtMoment(
  db: Database,
  site: Site,
  slug: string,
  text: string,
  now: string,
): Promise<EnvironmentAtMoment | { wrong: string }> {
  const environment = site.environments.find((one) => one.slug === slug) ?? notFound("environment");
  const when = parseWhen(text);
  if ("time" in when ? !when.time || when.time === "now" : "back" in when && !when.back)
    return { environment, moment: { asOf: endOfTime } };
  const found = await findMoment(db, site, environment, when, now);
  return "wrong" in found ? found : { environment, moment: { asOf: found.at }, ...found };
}

function deploymentByNumber(db: Database, siteId: string, number: number) {
  return db
    .selectFrom("deployments as d")
    .innerJoin("environments as e", "e.id", "d.environment_id")
    .select(["d.number", "d.effective_at", "e.slug as environment", "e.name as environment_name"])
    .where("d.site_id", "=", siteId)
    .where("d.number", "=", number)
    .executeTakeFirst();
}

async function findMoment(
  db: Database,
  site: Site,
  environment: Environment,
  when: ReferenceMoment,
  now: string,
): Promise<ParsedMoment> {
  if ("time" in when) return parseMoment(when.time, site.time_zone, now);
  if ("back" in when) return before(db, environment, when.back);
  const told = await deploymentByNumber(db, site.id, when.deployment);
  if (!told) return { wrong: `There is no deployment ${when.deployment}.` };
  if (told.environment !== environment.slug)
    return {
      wrong: `Deployment ${told.number} was on ${told.environment_name}, not on ${environment.name}: it is ${told.environment}#${told.number}.`,
    };
  return { at: told.effective_at };
}

async function before(db: Database, { id, name, slug }: Environment, back: number): Promise<ParsedMoment> {
  const { at, changes } = await changesBack(db, id, back);
  if (at) return { at };
  if (!changes)
    return {
      wrong: `Nobody has told Sitebook of ${name} yet, so nothing is ${back === 1 ? "a change" : `${back} changes`} back.`,
    };
  const times = changes === 1 ? "once" : `${changes} times`;
  const furthest = changes === 1 ? "" : ` ${slug}~${changes - 1} is the furthest back.`;
  return { wrong: `${name} has changed ${times}; what stood before the first change is unknown.${furthest}` };
}
