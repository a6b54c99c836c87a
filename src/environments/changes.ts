import type { Actor } from "../access/actor.ts";
import { type Environment, environmentsOf } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { type Action, appendEvent } from "../record/events.ts";
import { keepFormerName } from "../record/former-names.ts";
import type { Tier } from "../schema.ts";
import { normalName } from "../text.ts";
import { openPromotions, placeBefore, whyNotBefore, writeOrder } from "./order.ts";
import { whyNotEnvironmentName, whyNotOrder, whyNotTier } from "./rules.ts";

/** What is to change; `before` is the slug of the environment that it is to precede, or `lastPlace`. */
export interface EnvironmentChange {
  name?: string | undefined;
  tier?: string | undefined;
  before?: string | undefined;
}

/**
 * Renames an environment, changes its tier, and moves it: each is an event. Throws a Refusal with 422 for wrong fields, and
 * with 409 if an open promotion needs the present order.
 */
export function changeEnvironment(
  db: Database,
  actor: Actor,
  site: Site,
  { id }: Pick<Environment, "id">,
  change: EnvironmentChange,
): Promise<{ slug: string }> {
  refuse(whyNotMay(actor, "administer"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const { environments, retired } = await environmentsOf(trx, site.id);
    const environment = environments.find((one) => one.id === id) ?? notFound("environment");
    const { name = environment.name, tier = environment.tier, before } = change;
    const others = [...environments, ...retired].filter((other) => other.id !== id);
    refuseFields(
      fieldErrors({
        name: whyNotEnvironmentName(
          name,
          others.map((other) => other.name),
        ),
        tier: whyNotTier(tier),
        before: whyNotBefore(environments, before),
      }),
    );
    const order = before && before !== environment.slug ? placeBefore(environments, environment, before) : environments;
    refuse(whyNotOrder(environments, order, await openPromotions(trx, site.id)));
    const renamed = { ...environment, name: normalName(name) };
    if (renamed.name !== environment.name) await rename(trx, actor, site, renamed, environment.name);
    if (tier !== environment.tier) await changeTier(trx, actor, site, environment, tier as Tier);
    if (order.some((one, i) => one !== environments[i])) await move(trx, actor, site, renamed, order);
    return { slug: environment.slug };
  });
}

async function rename(trx: Database, actor: Actor, site: Site, environment: Environment, before: string) {
  await trx.updateTable("environments").set({ name: environment.name }).where("id", "=", environment.id).execute();
  const seq = await append(trx, actor, site, environment, "environment_changed", { name: environment.name, before });
  await keepFormerName(trx, { of_id: environment.id, until: actor.at, site_id: site.id, seq, name: before });
}

async function changeTier(trx: Database, actor: Actor, site: Site, environment: Environment, tier: Tier) {
  await trx.updateTable("environments").set({ tier }).where("id", "=", environment.id).execute();
  await append(trx, actor, site, environment, "environment_changed", { tier, before: environment.tier });
}

async function move(trx: Database, actor: Actor, site: Site, environment: Environment, order: Environment[]) {
  const ids = order.map((one) => one.id);
  const names = order.map((one) => (one.id === environment.id ? environment.name : one.name));
  await writeOrder(trx, site.id, ids);
  await append(trx, actor, site, environment, "environment_moved", { order: ids, names });
}

/**
 * Retires an environment: nothing is recorded for it from now on, and its history stays. Throws a Refusal with 409 if a
 * promotion from or to it is open, or if it is the only one.
 */
export function retireEnvironment(
  db: Database,
  actor: Actor,
  site: Site,
  { id }: Pick<Environment, "id">,
): Promise<{ slug: string }> {
  refuse(whyNotMay(actor, "administer"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const { environments, retired } = await environmentsOf(trx, site.id);
    const environment = environments.find((one) => one.id === id) ?? notFound("environment");
    const order = environments.filter((one) => one !== environment);
    refuse(whyNotOrder(environments, order, await openPromotions(trx, site.id)));
    const retirement = { retired_at: actor.at, position: -1 - retired.length };
    await trx.updateTable("environments").set(retirement).where("id", "=", id).execute();
    const ids = order.map((one) => one.id);
    await writeOrder(trx, site.id, ids);
    const { name } = environment;
    await append(trx, actor, site, environment, "environment_retired", { name, retired_at: actor.at, order: ids });
    return { slug: environment.slug };
  });
}

function append(
  trx: Database,
  actor: Actor,
  site: Site,
  { id, slug }: Environment,
  action: Action,
  details: { [key: string]: Json },
) {
  const about = { subject: `environment ${slug}`, subject_id: id, environment_id: id };
  return appendEvent(trx, actor, site.id, { action, ...about, details: { environment: slug, ...details } });
}
