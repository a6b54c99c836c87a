import { sql } from "kysely";
import type { Actor, Person } from "../../src/access/actor.ts";
import { permissions } from "../../src/access/permissions.ts";
import { openSession } from "../../src/access/sessions.ts";
import { findSite, type Site } from "../../src/access/sites.ts";
import type { Database } from "../../src/database/connect.ts";
import { newId, newSecret, sha256 } from "../../src/database/ids.ts";
import { openMigrated } from "../../src/database/ready.ts";
import { createSite } from "../../src/sites/sites.ts";
import { fillHistory, type Size } from "./fill.ts";

export interface BenchWorld {
  db: Database;
  site: Site;
  /** Another site, with open promotions. */
  other: Site;
  /** The session cookies of an account manager and of a tester. */
  cookie: { ada: string; theo: string };
  /** A token with all permissions. */
  token: string;
}

/** A site of this size on an empty database, with people and a token. */
export async function benchWorld(databaseUrl: string, size: Size): Promise<BenchWorld> {
  const db = await openMigrated(databaseUrl);
  const at = new Date().toISOString();
  const people = ["Ada", "Theo", "CI"].map((name): Person => {
    const machine = name === "CI";
    return { id: newId(), name, kind: machine ? "machine" : "person", email: machine ? null : `${name}@example.test` };
  });
  const [ada, theo, ci] = people as [Person, Person, Person];
  const rows = people.map((person) => ({ ...person, password: null, created_at: at }));
  await db.insertInto("people").values(rows).execute();
  const actor: Actor = { person: ada, roles: [], permissions: new Set(permissions), at: "2020-01-01T00:00:00.000Z" };
  const site = await createSiteWith(db, actor, "bench", [theo, ci]);
  const other = await createSiteWith(db, actor, "other", [theo, ci]);
  const secret = newSecret();
  const token = {
    id: newId(),
    site_id: site.id,
    person_id: ci.id,
    hash: sha256(secret),
    created_by: ada.id,
    created_at: at,
  };
  await db
    .insertInto("tokens")
    .values({ ...token, expires_at: null, revoked_at: null })
    .execute();
  await fillHistory(db, site, people, size);
  await fillHistory(db, other, people, { pages: 100, placements: 300 });
  await markNoticed(db);
  const cookie = async (person: Person) => `sitebook=${await openSession(db, person.id, at)}`;
  return { db, site, other, cookie: { ada: await cookie(ada), theo: await cookie(theo) }, token: secret };
}

/**
 * Says that notices were written for the whole history, as they are while it grows. Else the server would write them while it
 * is measured: for a million placements that takes minutes.
 */
async function markNoticed(db: Database): Promise<void> {
  const progress = db.selectFrom("sites").select(["id", "events", sql.lit("").as("checked_at")]);
  await db.insertInto("notice_progress").columns(["site_id", "seq", "checked_at"]).expression(progress).execute();
}

async function createSiteWith(db: Database, actor: Actor, slug: string, people: Person[]): Promise<Site> {
  const { id } = await createSite(db, actor, { slug, name: slug }, ["account-manager"]);
  const rows = people.flatMap((person) =>
    ["tester", "marketing", "account-manager"].map((role) => ({
      site_id: id,
      person_id: person.id,
      role,
      since: actor.at,
    })),
  );
  await db.insertInto("memberships").values(rows).execute();
  return (await findSite(db, slug)) as Site;
}
