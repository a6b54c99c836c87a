import { sql } from "kysely";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";

// Roles are shared by all sites. A former name of one is kept in each site, so that the sites' histories explain it.

/** The subject of an event about a role, by which its former names are found. */
export const roleSubject = (slug: string): string => `role ${slug}`;

/** What the role `alias` was called at the moment in the column `at`. One index seek a row. */
export const roleThen = (alias: string, at: string) => sql<string>`coalesce((
    select n.name from former_names n where n.of_id = 'role ' || ${sql.ref(`${alias}.slug`)} and n.until > ${sql.ref(at)}
    order by n.until, n.seq limit 1), ${sql.ref(`${alias}.name`)})`;

/** What it is called now, if it is called otherwise than at that moment. */
export const roleSince = (alias: string, at: string) =>
  sql<string | null>`nullif(${sql.ref(`${alias}.name`)}, ${roleThen(alias, at)})`;

export type RoleNames = Record<string, string>;

/** The names of all roles by their slugs, as they were at a moment: also of those that are removed since. */
export async function roleNamesOverTime(db: Database): Promise<(at: string | null) => RoleNames> {
  const all = await selectNames(db);
  const names = Object.fromEntries(all.filter(({ until }) => until === null).map(({ slug, name }) => [slug, name]));
  // the latest first: the earliest name that was given up after that moment is the one that counts
  const former = all.filter((row) => row.until !== null).reverse();
  return (at) => {
    const then = former.filter(({ until }) => at !== null && until !== null && until > at);
    return { ...names, ...Object.fromEntries(then.map(({ slug, name }) => [slug, name])) };
  };
}

/** The names of now, and the former ones of each role, oldest first. */
const selectNames = precompiled((db) =>
  db
    .selectFrom("roles")
    .select(["slug", sql<string | null>`null`.as("until"), "name", sql.lit(0).as("seq")])
    .unionAll(
      db
        .selectFrom("former_names")
        .select([sql<string>`substr(of_id, ${sql.lit("role ".length + 1)})`.as("slug"), "until", "name", "seq"])
        .where("of_id", ">", sql.lit("role "))
        .where("of_id", "<", sql.lit("role!")),
    )
    .orderBy("slug")
    .orderBy("until")
    .orderBy("seq"),
);
