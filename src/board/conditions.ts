import { type RawBuilder, sql } from "kysely";
import { contains } from "../environments/as-of.ts";
import { type Filter, narrowing } from "./filters.ts";

/** A site and its environments in their order. */
export interface Places {
  id: string;
  environments: { id: string }[];
}

/**
 * The artifacts as `a`, and what stands of each in the i-th environment now as `c<i>`. Each is one seek for each row;
 * a database leaves out those that a query does not ask about.
 */
export function rowsWithPlaces(site: Places) {
  const joins = site.environments.map(
    ({ id }, i) =>
      sql`left join current_placements ${place(i)} on ${place(i)}.artifact_id = a.id and ${place(i)}.environment_id = ${id}`,
  );
  return joins.length ? sql`artifacts a ${sql.join(joins, sql` `)}` : sql`artifacts a`;
}

const place = (i: number) => sql.ref(`c${i}`);
const version = (i: number) => sql.ref(`c${i}.version_id`);

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

export function differ(i: number, j: number) {
  return sql<boolean>`${version(i)} is distinct from ${version(j)}`;
}

/** It differs between some two neighbours. */
export function isMoving(site: Places) {
  return any(site.environments.slice(1).map((_, i) => differ(i, i + 1)));
}

export function isOutOfBand(site: Places) {
  return any(site.environments.map((_, i) => sql<boolean>`${place(i)}.out_of_band = 1`));
}

/** It is in a promotion that is still open. The list inside is made once for a query, and is as long as what is open. */
export function isWaiting(site: Places) {
  return sql<boolean>`a.id in (
    select r.artifact_id from open_promotions o
    join promotions p on p.id = o.promotion_id join release_contents r on r.release_id = p.release_id
    where o.site_id = ${site.id})`;
}

/** The same that `isUnknown` in rules.ts says of a row, for some environment. */
export function hasUnknown(site: Places) {
  const untold = site.environments.map(
    ({ id }) => sql<boolean>`not exists (select 1 from current_placements u where u.environment_id = ${id})`,
  );
  const skipped = site.environments.slice(1).map((_, i) => {
    const further = sql.join(site.environments.slice(i + 1).map((_, j) => version(i + 1 + j)));
    return sql<boolean>`(${place(i)}.artifact_id is null and coalesce(${further}, null) is not null)`;
  });
  return any([...untold, ...skipped]);
}

export function all(conditions: RawBuilder<boolean>[]) {
  return conditions.length ? sql<boolean>`${sql.join(conditions, sql` and `)}` : sql<boolean>`1 = 1`;
}

function any(conditions: RawBuilder<boolean>[]) {
  return conditions.length ? sql<boolean>`(${sql.join(conditions, sql` or `)})` : sql<boolean>`1 = 0`;
}
