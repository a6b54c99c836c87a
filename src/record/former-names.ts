import { sql } from "kysely";
import { personName } from "../access/person-name.ts";
import type { Database } from "../database/connect.ts";

// What is shown of a past moment carries the names of that moment: those of people and of environments.

/** What the person or environment `alias` was called at the moment in the column `at`. One index seek a row. */
export function nameThen(alias: string, at: string) {
  const name = sql.ref(`${alias}.name`);
  return sql<string>`coalesce((
    select n.name from former_names n where n.of_id = ${sql.ref(`${alias}.id`)} and n.until > ${sql.ref(at)}
    order by n.until, n.seq limit 1), ${name})`;
}

/** What the same is called now, if it is called otherwise than at that moment. */
export function nameSince(alias: string, at: string) {
  return sql<string | null>`nullif(${sql.ref(`${alias}.name`)}, ${nameThen(alias, at)})`;
}

/** What the person `alias` was called at the moment in the column `at`, told apart from others of the site in the column `site`. */
export const personThen = (alias: string, at: string, site: string) => personName(alias, site, nameThen(alias, at));

/** The same of who decided: "Theo for Mara" if the person `away`, who is else null, has a substitute. */
export const deciderThen = (alias: string, away: string, at: string, site: string) =>
  sql<string>`${personThen(alias, at, site)} || case when ${sql.ref(`${away}.id`)} is null then ''
    else ' for ' || ${personThen(away, at, site)} end`;

/** What the same person is called now, if it is called otherwise than at that moment. */
export function personSince(alias: string, at: string, site: string) {
  return sql<
    string | null
  >`case when ${sql.ref(`${alias}.name`)} <> ${nameThen(alias, at)} then ${personName(alias, site)} end`;
}

export interface FormerName {
  of_id: string;
  /** The first moment at which it had another name. */
  until: string;
  name: string;
}

/** The former names of people and environments, by their ids, the oldest of each first. */
export function formerNames(db: Database, ids: string[]): Promise<FormerName[]> {
  return db
    .selectFrom("former_names")
    .select(["of_id", "until", "name"])
    .where("of_id", "in", ids)
    .orderBy("of_id")
    .orderBy("until")
    .orderBy("seq")
    .execute();
}

/** What it was called at a moment. `former` are those of it and others, the oldest of each first. */
export function nameAt(former: FormerName[], { id, name }: { id: string; name: string }, at: string): string {
  return former.find(({ of_id, until }) => of_id === id && until > at)?.name ?? name;
}

/** Keeps a name that is given up with the event `seq`, which the caller appends. */
export async function keepFormerName(trx: Database, row: FormerName & { site_id: string; seq: number }): Promise<void> {
  await trx.insertInto("former_names").values(row).execute();
}
