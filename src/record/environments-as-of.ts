import type { Database } from "../database/connect.ts";
import type { Tier } from "../schema.ts";
import type { Action } from "./events.ts";

/** An environment as it was called and placed at a moment. */
export interface EnvironmentAsOf {
  id: string;
  slug: string;
  name: string;
  tier: Tier;
}

type Details = Partial<EnvironmentAsOf> & { environment: string; order?: string[] };

export interface EnvironmentEvent {
  seq: number;
  recorded_at: string;
  action: string;
  environment_id: string | null;
  details: Details;
}

const environmentActions: Action[] = [
  "environment_added",
  "environment_changed",
  "environment_moved",
  "environment_retired",
];

/** The events that name, order and retire a site's environments, oldest first: few of its history. */
export async function environmentEvents(db: Database, siteId: string): Promise<EnvironmentEvent[]> {
  const rows = await Promise.all(
    // one query for each action: with a list of them SQLite would walk through the whole history
    environmentActions.map((action) =>
      db
        .selectFrom("events")
        .select(["seq", "recorded_at", "action", "environment_id", "details"])
        .where("site_id", "=", siteId)
        .where("action", "=", action)
        .execute(),
    ),
  );
  return rows
    .flat()
    .sort((one, other) => one.seq - other.seq)
    .map((row) => ({ ...row, details: JSON.parse(row.details) }));
}

/** The environments of a moment in the order of then, with the names of then, and without those retired by then. */
export function environmentsAsOf(events: EnvironmentEvent[], at: string): EnvironmentAsOf[] {
  const environments = new Map<string, EnvironmentAsOf>();
  let order: string[] = [];
  for (const { action, environment_id, details } of events.filter((event) => event.recorded_at <= at)) {
    const id = environment_id ?? "";
    if (action === "environment_added") {
      const { slug = details.environment, name = slug, tier = "other" } = details;
      environments.set(id, { id, slug, name, tier });
      order.push(id);
    }
    const environment = environments.get(id);
    if (action === "environment_changed" && environment)
      environments.set(id, {
        ...environment,
        name: details.name ?? environment.name,
        tier: details.tier ?? environment.tier,
      });
    if (action === "environment_retired") order = order.filter((other) => other !== id);
    order = details.order ?? order;
  }
  return order.map((id) => environments.get(id)).filter((environment) => environment !== undefined);
}

/** The name of each environment after an event, by its id. `seq`: of the event; without it, the names of now. */
export function environmentNames(events: EnvironmentEvent[], seq = Number.POSITIVE_INFINITY): Map<string, string> {
  const names = new Map<string, string>();
  for (const { action, environment_id, details } of events.filter((event) => event.seq <= seq)) {
    if (action === "environment_added") names.set(environment_id ?? "", details.name ?? details.environment);
    if (action === "environment_changed" && details.name) names.set(environment_id ?? "", details.name);
  }
  return names;
}
