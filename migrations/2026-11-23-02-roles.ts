import type { Kysely } from "kysely";

/** The roles that a new book starts with. They are data from here on. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  const role = (slug: string, name: string, ...permissions: string[]) => ({
    slug,
    name,
    permissions: JSON.stringify(["view", ...permissions]),
  });
  await db
    .insertInto("roles")
    .values([
      role("administrator", "Administrator", "administer"),
      role("account-manager", "Account manager", "record", "release", "promote", "correct"),
      role("contributor", "Contributor", "record"),
      role("tester", "Tester"),
      role("marketing", "Marketing"),
      role("viewer", "Viewer"),
    ])
    .execute();
}
