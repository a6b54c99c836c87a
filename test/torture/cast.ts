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

export type CastRole = "contributor" | "account-manager" | "tester" | "marketing";

/** Somebody who writes: a machine with a token, or a person signed in to the pages. */
export interface CastMember {
  id: string;
  name: string;
  role: CastRole;
  by: { token: string } | { session: string };
}

const machines: CastRole[] = [
  "contributor",
  "contributor",
  "account-manager",
  "account-manager",
  "tester",
  "marketing",
];

const people = { Theo: "tester", Mara: "marketing", Anna: "account-manager" } as const;

/** Makes a shop with beta, demo (gate: one tester) and live (gate: one marketing), and those who work on it. */
export async function castOn(url: string): Promise<CastMember[]> {
  const db = await openMigrated(url);
  try {
    const at = new Date().toISOString();
    const account = { email: "iris@example.test", name: "Iris", password: "correct horse battery staple" };
    const { person } = await setUp(db, { ...account, site: { slug, name: "Shop" }, at });
    const by: Actor = { person, roles: [], permissions: new Set(["administer"]), at };
    const site = (await findSite(db, slug)) as Site;
    const actors: CastMember[] = [];
    for (const [i, role] of machines.entries()) {
      const { name, secret } = await createToken(db, by, site, { name: `${role} ${i}`, roles: [role] });
      const id = (await findToken(db, secret, at))?.person.id as string;
      actors.push({ id, name, role, by: { token: secret } });
    }
    for (const [name, role] of Object.entries(people)) {
      const { id } = await invite(db, by, site, { name, email: `${name}@example.test`, roles: [role] });
      actors.push({ id, name, role, by: { session: await openSession(db, id, at) } });
    }
    return actors;
  } finally {
    await db.destroy();
  }
}

/** For the time of one piece of work, such as the check once all servers are dead. */
export async function onTortureDatabase<T>(url: string, work: (db: ReturnType<typeof openDatabase>) => Promise<T>) {
  const db = openDatabase(url);
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}
