import { type RawBuilder, sql } from "kysely";

/** A site and its environments in their order. */
export interface SiteEnvironments {
  id: string;
  environments: { id: string }[];
}

/**
 * The artifacts as `a`, with the current placement of each in the i-th environment as `c<i>`. Each join is one seek per
 * row; the database skips those that a query does not use.
 */
export function rowsWithPlaces(site: SiteEnvironments) {
  const joins = site.environments.map(
    ({ id }, i) =>
      sql`left join current_placements ${current(i)} on ${current(i)}.artifact_id = a.id and ${current(i)}.environment_id = ${id}`,
  );
  return joins.length ? sql`artifacts a ${sql.join(joins, sql` `)}` : sql`artifacts a`;
}

const current = (i: number) => sql.ref(`c${i}`);

const version = (i: number) => sql.ref(`c${i}.version_id`);

/**
 * The versions differ between an environment and a later one. What was never recorded in the earlier one is unknown there,
 * or in neither of them, so there is no difference, and nothing to release.
 */
export function differ(i: number, j: number) {
  return sql<boolean>`(${current(i)}.artifact_id is not null and ${version(i)} is distinct from ${version(j)})`;
}

/** The row differs between two neighbouring environments. */
export function isMoving(site: SiteEnvironments) {
  return anyOf(site.environments.slice(1).map((_, i) => differ(i, i + 1)));
}

export function isOutOfBand(site: SiteEnvironments) {
  return anyOf(site.environments.map((_, i) => sql<boolean>`${current(i)}.out_of_band = 1`));
}

/** The row is in an open promotion. The inner list is read once per query, and is as long as the contents of open promotions. */
export function isWaiting(site: SiteEnvironments) {
  return sql<boolean>`a.id in (
    select r.artifact_id from open_promotions o
    join promotions p on p.id = o.promotion_id join release_contents r on r.release_id = p.release_id
    where o.site_id = ${site.id})`;
}

/** Whether the row is unknown in any environment, by the same rule as `isUnknown`. */
export function hasUnknown(site: SiteEnvironments) {
  const unrecorded = site.environments.map(
    ({ id }) => sql<boolean>`not exists (select 1 from current_placements u where u.environment_id = ${id})`,
  );
  const skipped = site.environments.slice(1).map((_, i) => {
    const later = sql.join(site.environments.slice(i + 1).map((_, j) => version(i + 1 + j)));
    return sql<boolean>`(${current(i)}.artifact_id is null and coalesce(${later}, null) is not null)`;
  });
  return anyOf([...unrecorded, ...skipped]);
}

export function allOf(conditions: RawBuilder<boolean>[]) {
  return conditions.length ? sql<boolean>`${sql.join(conditions, sql` and `)}` : sql<boolean>`1 = 1`;
}

function anyOf(conditions: RawBuilder<boolean>[]) {
  return conditions.length ? sql<boolean>`(${sql.join(conditions, sql` or `)})` : sql<boolean>`1 = 0`;
}
