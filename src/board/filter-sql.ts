import { type RawBuilder, sql } from "kysely";
import { contains } from "../record/artifact-filter.ts";
import { all, differ, hasUnknown, isOutOfBand, isWaiting, type Places } from "../record/row-conditions.ts";
import { type Filter, narrowing } from "./filters.ts";

/** The rows of the site that a filter lets through. */
export function matching(site: Places, filter: Filter) {
  return all([...narrowed(site, filter), ...standings(site, filter)]);
}

/** The part of it that says which rows are looked among … */
export function narrowed(site: Places, filter: Filter): RawBuilder<boolean>[] {
  const { text, kind, section, owner } = narrowing(filter);
  return [
    sql<boolean>`a.site_id = ${site.id}`,
    kind && sql<boolean>`a.kind = ${kind}`,
    section !== undefined && sql<boolean>`a.kind = 'page' and a.section = ${section}`,
    text && contains(text),
    owner && sql<boolean>`a.owner_id = ${owner}`,
  ].filter((one) => typeof one === "object");
}

/** … and the part that says how they stand. */
export function standings(site: Places, { differs, waiting, out_of_band, unknown }: Filter): RawBuilder<boolean>[] {
  const at = (id: string) => site.environments.findIndex((one) => one.id === id);
  return [
    differs && differ(at(differs[0].id), at(differs[1].id)),
    waiting && isWaiting(site),
    out_of_band && isOutOfBand(site),
    unknown && hasUnknown(site),
  ].filter((one) => typeof one === "object");
}
