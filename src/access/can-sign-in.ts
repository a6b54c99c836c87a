import { type RawBuilder, sql } from "kysely";

/** Whether the person `alias` has a way to sign in, so that an invitation was accepted: a password, a provider or a passkey. */
export function canSignIn(alias: string): RawBuilder<boolean | 0 | 1> {
  const [id, password] = [sql.ref(`${alias}.id`), sql.ref(`${alias}.password`)];
  return sql`(${password} is not null or exists (select 1 from identities i where i.person_id = ${id}) or exists (select 1 from passkeys k where k.person_id = ${id}))`;
}
