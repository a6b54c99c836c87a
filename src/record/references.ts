import type { Environment } from "../access/environments.ts";
import { findAnyEnvironment, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { refuseFields } from "../errors.ts";
import { type ParsedMoment, parseMoment } from "../time/parse-moment.ts";
import { endOfTime, type Moment } from "./as-of.ts";
import { changesBack } from "./changes.ts";
import { formerNames, nameAt } from "./former-names.ts";

export interface EnvironmentAtMoment {
  /** What the environment is called now, if it was called otherwise at the moment. */
  nameNow?: string | undefined;
  environment: Environment;
  moment: Moment;
  /** The requested moment; undefined for now. */
  at?: string | undefined;
  /** The requested moment up to which records count; undefined for all. */
  knownAt?: string | undefined;
  /** How the time was interpreted, if it was ambiguous. */
  note?: string | undefined;
}

/** The same environment and moment as it was known at the time in `text`, or as it is known today if that is empty. */
export function withKnownAt(
  reference: EnvironmentAtMoment,
  text: string | undefined,
  site: Site,
  now: string,
): EnvironmentAtMoment | { wrong: string } {
  if (!text?.trim()) return reference;
  const read = parseMoment(text, site.time_zone, now);
  if ("wrong" in read) return { wrong: `Recorded by: ${read.wrong}` };
  return { ...reference, moment: { ...reference.moment, knownAt: read.at }, knownAt: read.at };
}

/** A moment of an environment: a number of changes back, after a deployment, or at a time ("" is now). */
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

/** The environment and moment of a reference, or what is wrong with it. Throws a Refusal with 404 if the site has no such environment. */
export function findReference(
  db: Database,
  site: Site,
  text: string,
  now: string,
): Promise<EnvironmentAtMoment | { wrong: string }> {
  return findEnvironmentAtMoment(db, site, ...splitReference(text), now);
}

/** The same for a parameter. Throws a Refusal with 422 if it is wrong. */
export async function readReference(
  db: Database,
  site: Site,
  { path, text, now }: { path: string; text: string; now: string },
): Promise<EnvironmentAtMoment> {
  const read = await findReference(db, site, text, now);
  if ("wrong" in read) throw refuseFields([{ path, message: read.wrong }]);
  return read;
}

/** The same from two fields: an environment's slug, and a moment of it. */
export async function findEnvironmentAtMoment(
  db: Database,
  site: Site,
  slug: string,
  text: string,
  now: string,
): Promise<EnvironmentAtMoment | { wrong: string }> {
  const environment = findAnyEnvironment(site, slug);
  const when = parseWhen(text);
  if ("time" in when ? !when.time || when.time === "now" : "back" in when && !when.back)
    return asItIsOrWas(environment);
  const read = await findMoment(db, site, environment, when, now);
  if ("wrong" in read) return read;
  const name = nameAt(await formerNames(db, [environment.id]), environment, read.at);
  const nameNow = name === environment.name ? undefined : environment.name;
  return { environment: { ...environment, name }, nameNow, moment: { asOf: read.at }, ...read };
}

/** An environment now; a retired one as it was at the end. */
function asItIsOrWas(environment: Environment): EnvironmentAtMoment {
  const { retired_at: at } = environment;
  return at ? { environment, moment: { asOf: at }, at } : { environment, moment: { asOf: endOfTime } };
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
  if ("back" in when) return findChangeBack(db, environment, when.back);
  const deployment = await deploymentByNumber(db, site.id, when.deployment);
  if (!deployment) return { wrong: `There is no deployment ${when.deployment}.` };
  if (deployment.environment !== environment.slug)
    return {
      wrong: `Deployment ${deployment.number} was on ${deployment.environment_name}, not on ${environment.name}: it is ${deployment.environment}#${deployment.number}.`,
    };
  return { at: deployment.effective_at };
}

async function findChangeBack(db: Database, { id, name, slug }: Environment, back: number): Promise<ParsedMoment> {
  const { at, changes } = await changesBack(db, id, back);
  if (at) return { at };
  if (!changes) return { wrong: `Nothing has been recorded for ${name} yet, so it has no earlier change.` };
  const times = changes === 1 ? "once" : `${changes} times`;
  const furthest = changes === 1 ? "" : ` ${slug}~${changes - 1} is the furthest back.`;
  return { wrong: `${name} has changed ${times}; what was there before the first change is unknown.${furthest}` };
}
