import type { Database } from "../database/connect.ts";
import { isDiskFull } from "../database/errors.ts";
import { newSecret, sha256 } from "../database/ids.ts";
import { precompiled } from "../database/precompiled.ts";
import { seal, unseal } from "../database/sealed.ts";
import { addMs } from "../time/add.ts";
import type { Person } from "./actor.ts";
import { type Client, unknownClient } from "./security-events.ts";

const dayMs = 24 * 60 * 60 * 1000;
/** How long a session lasts without a click, and in any case, in ms. */
export interface SessionLifetime {
  idle: number;
  total: number;
}

export const usualLifetime: SessionLifetime = { idle: 7 * dayMs, total: 30 * dayMs };

/** How old `seen_at` may become before it is written again, so that not every click is a write. */
const seenIntervalMs = ({ idle }: SessionLifetime) => Math.min(10 * 60 * 1000, idle / 10);

/** How somebody signed in with an identity provider. */
export interface ProviderSignIn {
  /** The provider's short name. */
  slug: string;
  /** Shows the provider whom to sign out. */
  idToken: string;
  /** When they authenticated there, ISO 8601 UTC; long ago if the provider does not say. */
  authenticatedAt: string;
}

/** Opens a session and returns its secret, which only the browser keeps. Also deletes expired sessions. */
export async function openSession(
  db: Database,
  personId: string,
  at: string,
  { address, userAgent }: Client = unknownClient,
  provider?: ProviderSignIn,
  lifetime = usualLifetime,
): Promise<string> {
  const secret = newSecret();
  await db.deleteFrom("sessions").where("expires_at", "<", at).execute();
  await db
    .insertInto("sessions")
    .values({
      hash: sha256(secret),
      person_id: personId,
      created_at: at,
      seen_at: at,
      expires_at: addMs(at, lifetime.total),
      address,
      user_agent: userAgent,
      authenticated_at: provider?.authenticatedAt ?? null,
      sealed_provider: provider ? seal(JSON.stringify(provider), secret, personId) : null,
    })
    .execute();
  return secret;
}

interface Session {
  person: Person;
  /** When the password was entered, here or at the identity provider. */
  signedInAt: string;
}

/** The person of a session, or undefined if it has ended: by default after a week without a click, or after a month. */
export async function findSession(
  db: Database,
  secret: string,
  at: string,
  lifetime = usualLifetime,
): Promise<Session | undefined> {
  const hash = sha256(secret);
  const [session] = await selectSession(db, hash, at, ...since(at, lifetime));
  if (!session) return;
  const { seen_at, created_at, authenticated_at, ...person } = session;
  const signedInAt = authenticated_at ?? created_at;
  if (seen_at < addMs(at, -seenIntervalMs(lifetime))) await markSeen(db, hash, at);
  return { person, signedInAt };
}

/** Whether a session has not ended. Unlike `findSession` it does not count as a click. */
export async function isSessionOpen(
  db: Database,
  secret: string,
  at: string,
  lifetime = usualLifetime,
): Promise<boolean> {
  return (await selectSession(db, sha256(secret), at, ...since(at, lifetime))).length > 0;
}

/** After when a session must have begun and been used. What was shortened since it began counts too. */
const since = (at: string, { idle, total }: SessionLifetime): [seen: string, begun: string] => [
  addMs(at, -idle),
  addMs(at, -total),
];

const selectSession = precompiled((db, hash: string, at: string, seenAfter: string, begunAfter: string) =>
  db
    .selectFrom("sessions as s")
    .innerJoin("people as p", "p.id", "s.person_id")
    .select(["p.id", "p.name", "p.kind", "p.email", "s.seen_at", "s.created_at", "s.authenticated_at"])
    .where("s.hash", "=", hash)
    .where("s.expires_at", ">", at)
    .where("s.seen_at", ">", seenAfter)
    .where("s.created_at", ">", begunAfter),
);

/** Ignores a full disk, so that people can still look things up. */
async function markSeen(db: Database, hash: string, at: string): Promise<void> {
  try {
    await db.updateTable("sessions").set({ seen_at: at }).where("hash", "=", hash).execute();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}

/** How the person of a session signed in with a provider; undefined if they used a password. */
export async function providerOfSession(db: Database, secret: string): Promise<ProviderSignIn | undefined> {
  const session = await db
    .selectFrom("sessions")
    .select(["sealed_provider", "person_id"])
    .where("hash", "=", sha256(secret))
    .executeTakeFirst();
  const text = session?.sealed_provider && unseal(session.sealed_provider, secret, session.person_id);
  return text ? (JSON.parse(text) as ProviderSignIn) : undefined;
}

export async function closeSession(db: Database, secret: string): Promise<void> {
  await db.deleteFrom("sessions").where("hash", "=", sha256(secret)).execute();
}

export interface OpenSession {
  /** Of its secret, which it does not give away. */
  hash: string;
  created_at: string;
  seen_at: string;
  address: string;
  user_agent: string;
}

const maxSessions = 50;

/** The sessions of a person that have not ended, the latest sign-in first, at most fifty. */
export function listSessions(
  db: Database,
  personId: string,
  at: string,
  lifetime = usualLifetime,
): Promise<OpenSession[]> {
  const [seenAfter, begunAfter] = since(at, lifetime);
  return db
    .selectFrom("sessions")
    .select(["hash", "created_at", "seen_at", "address", "user_agent"])
    .where("person_id", "=", personId)
    .where("expires_at", ">", at)
    .where("seen_at", ">", seenAfter)
    .where("created_at", ">", begunAfter)
    .orderBy("created_at", "desc")
    .limit(maxSessions)
    .execute();
}

/** Closes one session of a person. False if it had ended already. */
export async function closeSessionOf(db: Database, personId: string, hash: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom("sessions")
    .where("hash", "=", hash)
    .where("person_id", "=", personId)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

/** Closes all sessions of a person, and sign-ins that wait for a code, as a new password does. */
export async function closeSessionsOf(db: Database, personId: string): Promise<void> {
  await db.deleteFrom("half_sign_ins").where("person_id", "=", personId).execute();
  await db.deleteFrom("sessions").where("person_id", "=", personId).execute();
}

/** Closes all sessions but one, also those of guests, and sign-ins that wait for a code. */
export async function closeAllSessions(db: Database, keptHash: string): Promise<void> {
  await db.deleteFrom("half_sign_ins").execute();
  await db.deleteFrom("sessions").where("hash", "!=", keptHash).execute();
  await db.updateTable("guests").set({ session_hash: null }).where("session_hash", "is not", null).execute();
}
