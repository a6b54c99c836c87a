import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Actor } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Database } from "../database/connect.ts";
import { notFound, Refusal, refuse } from "../errors.ts";
import { logError } from "../log.ts";
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
  /** Statement and signature, to keep outside Sitebook. */
  note: string;
  at: string;
}

type Site = { id: string; slug: string };

/** Signs the chain at an administrator's request. Throws a Refusal with 403 for anyone else, else as `signChain`. */
export function createCheckpoint(db: Database, actor: Actor, site: Site): Promise<Checkpoint> {
  refuse(whyNotMay(actor, "administer"), 403);
  return signChain(db, site, actor.at);
}

/**
 * Signs how far the site's chain has come, or returns the latest checkpoint if there is no new event since. Throws a Refusal if the
 * chain no longer contains what was signed before.
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
  return `The history up to event ${before.events} is not the one that was signed at ${before.at}, so no checkpoint is created. Run sitebook verify to see what differs.`;
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

/** The verifier key: the line with which anyone can check the checkpoints of this Sitebook. */
export async function publicKey(db: Database, at = new Date().toISOString()): Promise<string> {
  const { name, key } = await signingKey(db, at);
  return verifierKey(name, key);
}

/**
 * Reads a checkpoint that was kept elsewhere. Without a verifier key it is checked with the one of this database. Throws
 * a Refusal with 409 if it is not signed by that key or is about another site.
 */
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
    throw new Refusal(
      409,
      `The checkpoint is not signed by the key ${name}: it was changed, or it is from another Sitebook.`,
    );
  if (statement.origin !== `${name}/${site.slug}`)
    throw new Refusal(409, `The checkpoint is for ${statement.origin}, not for the site ${site.slug}.`);
  return statement;
}

/** Signs any text that ends with a newline, in which `write` can name the key. */
export async function signText(db: Database, at: string, write: (keyName: string) => string): Promise<string> {
  const { name, key } = await signingKey(db, at);
  return signNote(write(name), name, key);
}

/** One key for all sites, created when first needed. Of two that are created at once, the first is kept and used by both. */
async function signingKey(db: Database, at: string): Promise<{ name: string; key: KeyObject }> {
  const stored = (await storedKey(db)) ?? (await createKey(db, at));
  const key = createPrivateKey(stored.private_key);
  return { name: `sitebook-${fingerprint(key)}`, key };
}

const purpose = "checkpoints";

function storedKey(db: Database) {
  return db.selectFrom("keys").select("private_key").where("name", "=", purpose).executeTakeFirst();
}

async function createKey(db: Database, created_at: string) {
  const { privateKey } = generateKeyPairSync("ed25519");
  const private_key = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  await db
    .insertInto("keys")
    .values({ name: purpose, private_key, created_at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await storedKey(db)) ?? notFound("key");
}

const hourMs = 3_600_000;

/** Signs each site's chain once an hour, if it has a new event, for as long as the server runs. */
export function scheduleCheckpoints(db: Database): void {
  setInterval(() => void signAll(db, new Date().toISOString()), hourMs).unref();
}

/** A site that cannot be signed is logged, and the others are signed all the same. */
export async function signAll(db: Database, at: string): Promise<void> {
  try {
    for (const site of await db.selectFrom("sites").select(["id", "slug"]).execute())
      await signChain(db, site, at).catch((error: Error) => logError(`${site.slug}: ${error.message}`));
  } catch (error) {
    logError("Checkpoints could not be signed:", error);
  }
}
