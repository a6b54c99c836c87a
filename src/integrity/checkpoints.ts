import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Actor } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Database } from "../database/connect.ts";
import { notFound, Refusal, refuse } from "../errors.ts";
import {
  type CheckpointStatement,
  fingerprint,
  formatStatement,
  openNote,
  readStatement,
  signNote,
  verifierKey,
} from "./signed-notes.ts";

export interface Checkpoint {
  events: number;
  head: string;
  /** The statement and the signature, to be kept elsewhere. */
  note: string;
  at: string;
}

type Site = { id: string; slug: string };

/** On demand. */
export function createCheckpoint(db: Database, by: Actor, site: Site): Promise<Checkpoint> {
  refuse(whyNotMay(by, "administer"), 403);
  return signChain(db, site, by.at);
}

/**
 * Signs how far the site's chain has come; where that was signed already, it is that checkpoint again. A chain that
 * does not hold what was signed before is not signed any more.
 */
export async function signChain(db: Database, site: Site, at: string): Promise<Checkpoint> {
  const { name, key } = await signingKey(db, at);
  const { events, head } = await chainHead(db, site.id);
  const before = await latestCheckpoint(db, site.id);
  if (before?.events === events && before.head === head) return before;
  refuse(await whyNotFollow(db, site.id, before, events));
  const note = signNote(formatStatement({ origin: `${name}/${site.slug}`, events, head, at }), name, key);
  await db
    .insertInto("checkpoints")
    .values({ site_id: site.id, events, head, note, at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await latestCheckpoint(db, site.id)) ?? notFound("checkpoint");
}

async function whyNotFollow(db: Database, siteId: string, before: Checkpoint | undefined, events: number) {
  if (!before) return;
  const row = await db
    .selectFrom("events")
    .select("hash")
    .where("site_id", "=", siteId)
    .where("seq", "=", before.events)
    .executeTakeFirst();
  if (row?.hash === before.head && before.events < events) return;
  return `The history up to event ${before.events} is not the one that was signed at ${before.at}. Nothing more is signed; sitebook verify says what differs.`;
}

export function chainHead(db: Database, siteId: string): Promise<{ events: number; head: string }> {
  return db.selectFrom("sites").select(["events", "head"]).where("id", "=", siteId).executeTakeFirstOrThrow();
}

export function latestCheckpoint(db: Database, siteId: string): Promise<Checkpoint | undefined> {
  return db
    .selectFrom("checkpoints")
    .select(["events", "head", "note", "at"])
    .where("site_id", "=", siteId)
    .orderBy("events", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** The line with which anybody checks this Sitebook's checkpoints. */
export async function publicKey(db: Database, at = new Date().toISOString()): Promise<string> {
  const { name, key } = await signingKey(db, at);
  return verifierKey(name, key);
}

/** What a checkpoint that was kept elsewhere says of a site. Without a key it is checked by the one in this database. */
export async function readCheckpoint(
  db: Database,
  site: Site,
  note: string,
  vkey?: string,
): Promise<CheckpointStatement> {
  const key = vkey ?? (await publicKey(db));
  const text = openNote(note, key);
  const statement = text === undefined ? undefined : readStatement(text);
  const [name] = key.split("+");
  if (!statement)
    throw new Refusal(409, `The checkpoint is not signed by the key ${name}: it was changed, or is another's.`);
  if (statement.origin !== `${name}/${site.slug}`)
    throw new Refusal(409, `The checkpoint is of ${statement.origin}, and not of the site ${site.slug}.`);
  return statement;
}

/** Made when it is first asked for. There is one for all sites, and of two who ask at once both get the first. */
async function signingKey(db: Database, at: string): Promise<{ name: string; key: KeyObject }> {
  const kept = (await keptKey(db)) ?? (await makeKey(db, at));
  const key = createPrivateKey(kept.private_key);
  return { name: `sitebook-${fingerprint(key)}`, key };
}

const purpose = "checkpoints";

function keptKey(db: Database) {
  return db.selectFrom("keys").select("private_key").where("name", "=", purpose).executeTakeFirst();
}

async function makeKey(db: Database, created_at: string) {
  const { privateKey } = generateKeyPairSync("ed25519");
  const private_key = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  await db
    .insertInto("keys")
    .values({ name: purpose, private_key, created_at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await keptKey(db)) ?? notFound("key");
}

const hour = 3_600_000;

/** Signs each site's chain every hour in which something happened, for as long as the server runs. */
export function scheduleCheckpoints(db: Database): void {
  setInterval(() => void signAll(db, new Date().toISOString()), hour).unref();
}

/** What cannot be signed is said where the server's messages go, and does not keep the others from it. */
export async function signAll(db: Database, at: string): Promise<void> {
  try {
    for (const site of await db.selectFrom("sites").select(["id", "slug"]).execute())
      await signChain(db, site, at).catch((error: Error) => console.error(`${site.slug}: ${error.message}`));
  } catch (error) {
    console.error("Checkpoints could not be signed:", error);
  }
}
