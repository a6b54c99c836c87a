import { sql } from "kysely";
import { expect } from "vitest";
import { type Database, isPostgres, openDatabase } from "../../src/database/connect.ts";
import { newId } from "../../src/database/ids.ts";
import { signChain } from "../../src/integrity/checkpoints.ts";
import { enqueue } from "../../src/jobs/queue.ts";
import { writeNotices } from "../../src/notices/write-notices.ts";
import { startVisitsAfterEvents } from "../../src/visits/after-events.ts";
import { perEngine, readyDatabaseUrl } from "./database.ts";
import { everyVerb } from "./every-verb.ts";
import { atProvider, clientSecret, identityProvider } from "./identity-provider.ts";
import { administersAll } from "./sign-on.ts";
import { environmentOf, password, type World, world } from "./world.ts";

export async function on<T>(database: string, work: (db: Database) => Promise<T>): Promise<T> {
  const db = openDatabase(database);
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

const template = perEngine(() => readyDatabaseUrl(fullShop));

/** The URL of a new database with a shop in which every verb was run, so that no table is empty. */
export async function fullShopUrl() {
  const copy = await template();
  return copy();
}

async function fullShop(db: Database): Promise<object> {
  const w = await world(Promise.resolve({ db, close: async () => {} }));
  await everyVerb(w);
  await w.as("nobody").post("/sign-in", { email: "vera@example.test", password: "a wrong password" });
  const ada = w.as("nobody");
  await ada.post("/sign-in", { email: "ada@example.test", password });
  await ada.post("/sites/shop/deployments", { lines: "a line with an error" }, { accept: "text/html" });
  const vera = w.as("vera");
  await vera.get("/sites/shop");
  await vera.post("/sites/shop/notices", { subscribed: "daily" });
  await vera.post("/sites/shop/notices/follow", { subject: "environment", name: "live" });
  await w.as("iris").post("/sites/shop/settings/notices", { mentioned: "required" });
  const change = { person_id: w.people.vera.id, hash: "hash", email: "vera@new.test", expires_at: w.clock.at };
  await db.insertInto("address_changes").values(change).execute();
  const bounced = { email: "vera@example.test", kind: "permanent" as const, reason: "No such user", at: w.clock.at };
  await db
    .insertInto("bounced_addresses")
    .values({ ...bounced, site_id: w.site.id })
    .execute();
  const mara = { person_id: w.people.mara.id };
  await db
    .insertInto("two_factor")
    .values({ ...mara, sealed_secret: "sealed", last_step: 1, confirmed_at: w.clock.at })
    .execute();
  await db
    .insertInto("recovery_codes")
    .values({ ...mara, hash: "hash" })
    .execute();
  await db
    .insertInto("half_sign_ins")
    .values({ ...mara, hash: "hash", how: "with a password", expires_at: "2126-01-01T00:00:00.000Z" })
    .execute();
  const passkey = { id: newId(), credential_id: "id", public_key: "key", counter: 4_000_000_000, transports: "usb" };
  await db
    .insertInto("passkeys")
    .values({ ...mara, ...passkey, name: "Security key", created_at: w.clock.at, used_at: null })
    .execute();
  await db
    .insertInto("passkey_challenges")
    .values({ ...mara, hash: "hash", challenge: "challenge", address: "", expires_at: "2126-01-01T00:00:00.000Z" })
    .execute();
  await writeNotices(db, w.clock.at, true);
  const placements = [{ kind: "page", key: "/again", version: "v1" }];
  const deployments = "/sites/shop/environments/beta/deployments";
  await (await w.token("contributor")).post(
    deployments,
    { placements },
    { "idempotency-key": "build-7", "x-test-address": "192.0.2.1" },
  );
  await signInWithProvider(w);
  await signChain(db, w.site, w.clock.at);
  const promotion = db.selectFrom("promotions").select("id").limit(1);
  const artifact = db.selectFrom("artifacts").select("id").limit(1);
  const { id: promotion_id } = await promotion.executeTakeFirstOrThrow();
  const { id: artifact_id } = await artifact.executeTakeFirstOrThrow();
  await enqueue(db, { site_id: w.site.id, kind: "of_a_test", ref: promotion_id, run_at: w.clock.at });
  const looked_at = w.clock.at;
  await db.insertInto("looks").values({ promotion_id, artifact_id, person_id: w.people.theo.id, looked_at }).execute();
  const draft = { promotion_id, artifact_id, person_id: w.people.theo.id, comment: "Larger" };
  await db.insertInto("page_drafts").values(draft).execute();
  await observe(w);
  await startVisitsAfterEvents(db, w.clock.at);
  return {};
}

/** A visit to the first server of beta found one page. */
async function observe({ db, site, clock: { at } }: World): Promise<void> {
  const { id: environment_id, servers } = environmentOf(site, "beta");
  const server_id = servers[0]?.id ?? "";
  const about = { site_id: site.id, environment_id, server_id };
  const page = { server_id, path: "/sale" };
  const content = "digest of a content";
  const observation = { id: newId(), ...page, seen_at: at, took_ms: 1, bytes: 1, text_digest: "digest", content };
  const { id: version_id } = await db.selectFrom("versions").select("id").limit(1).executeTakeFirstOrThrow();
  await db.insertInto("observed_contents").values({ digest: content, packed: "eJwDAAAAAAE=", bytes: 0 }).execute();
  const noise = { id: newId(), site_id: site.id, path: "/sale", kind: "words" as const, place: "/p[1]", example: "1" };
  await db
    .insertInto("learned_noise")
    .values({ ...noise, learned_at: at })
    .execute();
  await db
    .insertInto("visits")
    .values({ id: newId(), ...about, started_at: at, ended_at: at })
    .execute();
  await db
    .insertInto("observations")
    .values({ ...observation, outcome: "shown" })
    .execute();
  await db
    .insertInto("observed_pages")
    .values({ ...page, in_record: 1, in_sitemap: 0, observation_id: observation.id, shown_id: observation.id })
    .execute();
  await db
    .insertInto("seen_versions")
    .values({ version_id, environment_id, text_digest: "digest", content, seen_at: at })
    .execute();
  const finding = { code: "title_empty", sentence: "It has no title.", opened_at: at };
  await db
    .insertInto("findings")
    .values({ id: newId(), ...about, path: "/sale", ...finding })
    .execute();
  const address = "https://beta.shop.example/logo.png";
  await db
    .insertInto("page_links")
    .values({ ...page, address, loaded: 1 })
    .execute();
  await db.insertInto("broken_links").values({ server_id, address, problem: "It is gone." }).execute();
  const probe = { software: "checkout", how: "json" as const, path: "/health", name: "/version" };
  await db
    .insertInto("software_probes")
    .values({ id: newId(), environment_id, ...probe })
    .execute();
}

/** Adds rows of 40 KB, so that a copy takes a while. */
export async function addManyRows(url: string, rows = 250): Promise<void> {
  await on(url, async (db) => {
    const { id } = await db.selectFrom("people").select("id").limit(1).executeTakeFirstOrThrow();
    const answer = isPostgres(db) ? sql`repeat('x', 40000)` : sql`printf('%.*c', 40000, 'x')`;
    await sql`
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows})
      insert into intents (person_id, key, fingerprint, answer, at) select ${id}, 'k' || i, '', ${answer}, '' from n`.execute(
      db,
    );
  });
}

/** Records a version of a page on beta at this server, and returns the deployment's number. */
export function recorder(address: string, token: string) {
  return async (key: string, version: string): Promise<number> => {
    const answer = await fetch(`${address}/api/v1/sites/shop/environments/beta/deployments`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ placements: [{ kind: "page", key, version }] }),
    });
    expect(answer.status).toBe(201);
    return ((await answer.json()) as { number: number }).number;
  };
}

/** Runs `work` while four clients record. Returns the deployment numbers from before it began, and from then on. */
export async function whileRecording(address: string, token: string, work: () => Promise<void>, onEach = () => {}) {
  const record = recorder(address, token);
  const [before, during] = [new Set<number>(), new Set<number>()];
  for (let i = 0; i < 10; i++) before.add(await record("/first", `v${i}`));
  let working = true;
  const writers = [1, 2, 3, 4].map(async (writer) => {
    for (let i = 0; working; i++, onEach()) during.add(await record(`/page-${writer}`, `v${i}`));
  });
  await work().finally(() => {
    working = false;
  });
  await Promise.all(writers);
  return { before, during };
}

/** The copy must have all deployments from before, and the later ones up to one moment, without a gap. */
export async function expectOneMoment(copy: string, { before, during }: Record<"before" | "during", Set<number>>) {
  const rows = await on(copy, (db) => db.selectFrom("deployments").select("number").orderBy("number").execute());
  const numbers = rows.map((row) => row.number);
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  expect([...before].filter((number) => !numbers.includes(number))).toEqual([]);
  expect(numbers.filter((number) => !before.has(number) && !during.has(number))).toEqual([]);
  return numbers.length;
}

/** Mara signs in with a provider, and passwords are switched off. */
async function signInWithProvider(w: World): Promise<void> {
  await using provider = await identityProvider({ mara: { email: "mara@example.test", email_verified: true } });
  await administersAll(w, "iris");
  const form = { name: "Okta", slug: "okta", issuer: provider.issuer, client_id: "sitebook", secret: clientSecret };
  await w.as("iris").post("/settings/sign-in", form);
  await w.as("iris").post("/settings/sign-in/passwords", { passwords: "administrators" });
  const mara = w.as("nobody");
  const start = await mara.get("/sign-in/okta");
  const back = new URL(await atProvider()(start.headers.get("location") ?? "", "mara"));
  await mara.get(back.pathname + back.search);
}
