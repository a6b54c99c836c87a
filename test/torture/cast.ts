import type { Actor } from "../../src/access/actor.ts";
import { openSession } from "../../src/access/sessions.ts";
import { findSite, type Site } from "../../src/access/sites.ts";
import { findToken } from "../../src/access/tokens.ts";
import { openDatabase } from "../../src/database/connect.ts";
import { openMigrated } from "../../src/database/ready.ts";
import { invite } from "../../src/people/people.ts";
import { createToken } from "../../src/people/tokens.ts";
import { setUp } from "../../src/setup/setup.ts";

export const slug = "shop";

export type CastRole = "contributor" | "account-manager" | "tester" | "marketing" | "administrator";

/** A machine with a token, or a person who is signed in. */
export interface CastMember {
  id: string;
  name: string;
  /** An administrator is an account manager too, so that one can override freezes. */
  role: CastRole;
  credentials: { token: string } | { session: string };
}

const machines: CastRole[] = [
  "contributor",
  "contributor",
  "account-manager",
  "account-manager",
  "tester",
  "marketing",
  "administrator",
];

const people = { Theo: "tester", Mara: "marketing", Anna: "account-manager" } as const;

/** Creates a shop with beta, demo (gate: one tester) and live (gate: one marketing), with its machines and people. */
export async function createCast(url: string): Promise<CastMember[]> {
  const db = await openMigrated(url);
  try {
    const at = new Date().toISOString();
    const account = { email: "iris@example.test", name: "Iris", password: "correct horse battery staple" };
    const { person } = await setUp(db, { ...account, site: { slug, name: "Shop" }, at });
    const actor: Actor = { person, roles: [], permissions: new Set(["administer"]), at };
    const site = (await findSite(db, slug)) as Site;
    const members: CastMember[] = [];
    for (const [i, role] of machines.entries()) {
      const roles = role === "administrator" ? [role, "account-manager"] : [role];
      const { name, secret } = await createToken(db, actor, site, { name: `${role} ${i}`, roles });
      const id = (await findToken(db, secret, at))?.person.id as string;
      members.push({ id, name, role, credentials: { token: secret } });
    }
    for (const [name, role] of Object.entries(people)) {
      const { id } = await invite(db, actor, site, { name, email: `${name}@example.test`, roles: [role] });
      // they can be substitutes, as if they had accepted, and stay signed in for as long as it takes
      await db.updateTable("people").set({ password: "-" }).where("id", "=", id).execute();
      members.push({ id, name, role, credentials: { session: await openSession(db, id, "2099-01-01T00:00:00.000Z") } });
    }
    return members;
  } finally {
    await db.destroy();
  }
}

/** Opens the database for one task, such as the check after all servers have been killed. */
export async function onTortureDatabase<T>(url: string, work: (db: ReturnType<typeof openDatabase>) => Promise<T>) {
  const db = openDatabase(url);
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}
