import { type RawBuilder, sql } from "kysely";

/**
 * The name of the person `alias`, with the e-mail address where another person of the site has the same name: "Ada
 * (ada@example.test)". This is how people are named wherever they are listed or did something. `site`: a column with the
 * site's id. `name`: what the person is called there, if it is not the name of now. People of a site have a role on it, or
 * had one and did something.
 */
export function personName(
  alias: string,
  site: string,
  name: RawBuilder<string> = sql.ref<string>(`${alias}.name`),
): RawBuilder<string> {
  const [id, email, siteId] = [sql.ref(`${alias}.id`), sql.ref(`${alias}.email`), sql.ref(site)];
  return sql<string>`case when ${email} is not null and exists (
    select 1 from people same where same.name = ${name} and same.id <> ${id} and same.email is not null and (
      exists (select 1 from memberships sm where sm.person_id = same.id and sm.site_id = ${siteId})
      or exists (select 1 from events se where se.site_id = ${siteId} and se.person_id = same.id)))
    then ${name} || ' (' || ${email} || ')' else ${name} end`;
}
