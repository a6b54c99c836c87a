import { type RawBuilder, sql } from "kysely";
import { containsText } from "../record/artifact-filter.ts";
import { allOf, differ, hasUnknown, isOutOfBand, isWaiting, type SiteEnvironments } from "../record/row-conditions.ts";
import { type BoardFilter, filterScope } from "./filters.ts";

/** The rows that match a filter, as a condition on artifacts (`a`) and their current placements. */
export function matchesFilter(site: SiteEnvironments, filter: BoardFilter) {
  return allOf([...matchesScope(site, filter), ...matchesState(site, filter)]);
}

/** The part of the filter by text, kind, section and owner. */
export function matchesScope(site: SiteEnvironments, filter: BoardFilter): RawBuilder<boolean>[] {
  const { text, kind, section, owner } = filterScope(filter);
  return [
    sql<boolean>`a.site_id = ${site.id}`,
    kind && sql<boolean>`a.kind = ${kind}`,
    section !== undefined && sql<boolean>`a.kind = 'page' and a.section = ${section}`,
    text && containsText(text),
    owner && (owner === "nobody" ? sql<boolean>`a.owner_id is null` : sql<boolean>`a.owner_id = ${owner}`),
  ].filter((condition) => typeof condition === "object");
}

/** The part of the filter by state: what differs, waits, is out of band or unknown. */
export function matchesState(
  site: SiteEnvironments,
  { differs, waiting, out_of_band, unknown }: BoardFilter,
): RawBuilder<boolean>[] {
  const at = (id: string) => site.environments.findIndex((environment) => environment.id === id);
  return [
    differs && differ(at(differs[0].id), at(differs[1].id)),
    waiting && isWaiting(site),
    out_of_band && isOutOfBand(site),
    unknown && hasUnknown(site),
  ].filter((condition) => typeof condition === "object");
}
