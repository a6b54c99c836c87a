import { type RawBuilder, sql } from "kysely";

/** A site and its environments in their order. */
export interface SiteEnvironments {
  id: string;
  environments: { id: string }[];
}

/**
 * The artifacts as `a`, and what stands of each in the i-th environment now as `c<i>`. Each is one seek for each row;
 * a database leaves out those that a query does not ask about.
 */
export function rowsWithPlaces(site: SiteEnvironments) {
  const joins = site.environments.map(
    ({ id }, i) =>
      sql`left join current_placements ${place(i)} on ${place(i)}.artifact_id = a.id and ${place(i)}.environment_id = ${id}`,
  );
  return joins.length ? sql`artifacts a ${sql.join(joins, sql` `)}` : sql`artifacts a`;
}

const place = (i: number) => sql.ref(`c${i}`);

const version = (i: number) => sql.ref(`c${i}.version_id`);

export function differ(i: number, j: number) {
  return sql<boolean>`${version(i)} is distinct from ${version(j)}`;
}

/** It differs between some two neighbours. */
export function isMoving(site: SiteEnvironments) {
  return any(site.environments.slice(1).map((_, i) => differ(i, i + 1)));
}

export function isOutOfBand(site: SiteEnvironments) {
  return any(site.environments.map((_, i) => sql<boolean>`${place(i)}.out_of_band = 1`));
}

/** It is in a promotion that is still open. The list inside is made once for a query, and is as long as what is open. */
export function isWaiting(site: SiteEnvironments) {
  return sql<boolean>`a.id in (
    select r.artifact_id from open_promotions o
    join promotions p on p.id = o.promotion_id join release_contents r on r.release_id = p.release_id
    where o.site_id = ${site.id})`;
}

/** The same that `isUnknown` in rules.ts says of a row, for some environment. */
export function hasUnknown(site: SiteEnvironments) {
  const untold = site.environments.map(
    ({ id }) => sql<boolean>`not exists (select 1 from current_placements u where u.environment_id = ${id})`,
  );
  const skipped = site.environments.slice(1).map((_, i) => {
    const further = sql.join(site.environments.slice(i + 1).map((_, j) => version(i + 1 + j)));
    return sql<boolean>`(${place(i)}.artifact_id is null and coalesce(${further}, null) is not null)`;
  });
  return any([...untold, ...skipped]);
}

export function allOf(conditions: RawBuilder<boolean>[]) {
  return conditions.length ? sql<boolean>`${sql.join(conditions, sql` and `)}` : sql<boolean>`1 = 1`;
}

function any(conditions: RawBuilder<boolean>[]) {
  return conditions.length ? sql<boolean>`(${sql.join(conditions, sql` or `)})` : sql<boolean>`1 = 0`;
}
