import type { Actor } from "../access/actor.ts";
import { type Environment, environmentsOf } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { appendEvent } from "../record/events.ts";
import { dropSectionCounts } from "../record/section-counts.ts";
import type { Tier } from "../schema.ts";
import { normalName, whyNotName } from "../text.ts";
import { forgetServer } from "../visits/visits.ts";
import { openPromotions, placeBefore, whyNotBefore, writeOrder } from "./order.ts";
import { environmentErrors, maxEnvironments, type NewEnvironment, whyNotBaseUrl, whyNotOrder } from "./rules.ts";

/** The role whose approval a new environment needs: by its tier. */
const defaultGates: Partial<Record<Tier, string>> = { staging: "tester", production: "marketing" };

/** Adds an environment as the last one, or before the one with the slug `before`. */
export function createEnvironment(
  db: Database,
  actor: Actor,
  site: Site,
  environment: NewEnvironment,
  before?: string,
): Promise<{ slug: string }> {
  refuse(whyNotMay(actor, "administer"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const { environments, retired } = await environmentsOf(trx, site.id);
    if (environments.length >= maxEnvironments) refuse(`A site can have at most ${maxEnvironments} environments.`);
    refuseFields([
      ...environmentErrors(environment, [...environments, ...retired]),
      ...fieldErrors({ before: whyNotBefore(environments, before) }),
    ]);
    const added = { id: "", slug: environment.slug, name: environment.name ?? environment.slug, gate: null };
    const order = placeBefore<Pick<Environment, "id" | "slug" | "name" | "gate">>(environments, added, before);
    refuse(whyNotOrder(environments, order, await openPromotions(trx, site.id)));
    return insertEnvironment(trx, actor, site.id, environment, before);
  });
}

/** The same inside the caller's transaction, without checks. All but a site's first get the gate of their tier. */
export async function insertEnvironment(
  trx: Database,
  actor: Actor,
  siteId: string,
  environment: NewEnvironment,
  before?: string,
): Promise<{ slug: string }> {
  const { environments } = await environmentsOf(trx, siteId);
  const last = await trx
    .selectFrom("environments")
    .select((eb) => eb.fn.max("position").as("position"))
    .where("site_id", "=", siteId)
    .executeTakeFirst();
  const { slug, name = slug, tier = "other", servers = [] } = environment;
  const id = newId(Date.parse(actor.at));
  const order = placeBefore<{ id: string; slug: string }>(environments, { id, slug }, before).map((one) => one.id);
  const position = order.indexOf(id) + 1;
  const row = { id, site_id: siteId, slug, name: normalName(name), position, tier };
  const free = Math.max(last?.position ?? 0, 0) + 1;
  await trx
    .insertInto("environments")
    .values({ ...row, position: free, retired_at: null })
    .execute();
  await dropSectionCounts(trx, siteId);
  if (free !== position) await writeOrder(trx, siteId, order);
  const role = position > 1 ? defaultGates[tier] : undefined;
  const rules = role && { requirements: [{ role, count: 1 }], asker_may_approve: false };
  const gate = rules && {
    id: newId(Date.parse(actor.at)),
    environment_id: row.id,
    version: 1,
    rules: JSON.stringify(rules),
    since: actor.at,
  };
  if (gate) await trx.insertInto("gates").values(gate).execute();
  await appendEvent(trx, actor, siteId, {
    action: "environment_added",
    subject: `environment ${slug}`,
    subject_id: row.id,
    environment_id: row.id,
    details: {
      environment: slug,
      ...row,
      order: free === position ? undefined : order,
      gate: gate && { id: gate.id, version: 1, ...rules },
    },
  });
  for (const server of servers) await insertServer(trx, actor, siteId, row, server);
  return { slug };
}

export function addServer(
  db: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  server: { name: string; base_url: string },
) {
  refuse(whyNotMay(actor, "administer"), 403);
  const name = normalName(server.name);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const taken = environment.servers.some((server) => server.name === name);
    refuseFields(
      fieldErrors({
        name: whyNotName(name) ?? (taken ? `${environment.name} already has a server ${name}.` : undefined),
        base_url: whyNotBaseUrl(server.base_url),
      }),
    );
    await insertServer(trx, actor, site.id, environment, server);
  });
}

async function insertServer(
  trx: Database,
  actor: Actor,
  siteId: string,
  environment: { id: string; slug: string },
  server: { name: string; base_url: string },
) {
  const row = {
    id: newId(Date.parse(actor.at)),
    environment_id: environment.id,
    name: normalName(server.name),
    base_url: server.base_url.replace(/\/+$/, ""),
  };
  await trx.insertInto("servers").values(row).execute();
  await appendEvent(trx, actor, siteId, {
    action: "server_added",
    subject: `server ${row.name}`,
    subject_id: row.id,
    environment_id: environment.id,
    details: { environment: environment.slug, ...row },
  });
}

export function removeServer(db: Database, actor: Actor, site: Site, environment: Environment, serverId: string) {
  refuse(whyNotMay(actor, "administer"), 403);
  const server = environment.servers.find(({ id }) => id === serverId) ?? notFound("server");
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    await forgetServer(trx, serverId);
    const { numDeletedRows } = await trx.deleteFrom("servers").where("id", "=", serverId).executeTakeFirst();
    if (!numDeletedRows) return;
    await appendEvent(trx, actor, site.id, {
      action: "server_removed",
      subject: `server ${server.name}`,
      subject_id: serverId,
      environment_id: environment.id,
      details: { environment: environment.slug, ...server },
    });
  });
}
