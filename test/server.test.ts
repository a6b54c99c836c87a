import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Actor } from "../src/access/actor.ts";
import { createSecrets } from "../src/access/secrets.ts";
import { recordSecurityEvent, unknownClient } from "../src/access/security-events.ts";
import { openSession } from "../src/access/sessions.ts";
import { findSite, type Site } from "../src/access/sites.ts";
import { systemActor } from "../src/access/system.ts";
import { type Database, isPostgres, openDatabase } from "../src/database/connect.ts";
import { newId } from "../src/database/ids.ts";
import { enqueue } from "../src/jobs/queue.ts";
import { addMs } from "../src/time/add.ts";
import { createWebhook } from "../src/webhooks/webhooks.ts";
import { emptyDatabaseUrl, freshDatabaseUrl } from "./support/database.ts";
import { starting, tokenOn } from "./support/serving.ts";

let url: string;
let drop: () => Promise<void>;
beforeEach(async () => {
  ({ url, drop } = await freshDatabaseUrl());
});
afterEach(() => drop());

test("the server prints its address and, without an account, a setup link; on SIGTERM it closes the database", async () => {
  await using server = starting({ DATABASE_URL: url });
  const address = await server.url();
  const line = await server.printedLine("There is no account yet.");
  const [, link = ""] = /(http\S+)$/.exec(line) ?? [];
  expect(link.startsWith(`${address}/setup?link=`)).toBe(true);
  expect((await fetch(link)).status).toBe(200);
  expect((await fetch(`${address}/readyz`)).status).toBe(200);

  server.signal("SIGTERM");
  expect(await server.ended).toBe(0);
  if (url.startsWith("file:")) expect(existsSync(`${url.slice(5)}-wal`)).toBe(false);
});

test("a server that is stopping finishes the running requests", async () => {
  const token = await tokenOn(url);
  await using server = starting({ DATABASE_URL: url });
  const address = new URL(await server.url());
  const body = JSON.stringify({ placements: [{ kind: "page", key: "/sale", version: "v1" }] });
  const socket = connect(Number(address.port), "127.0.0.1");
  const answer = text(socket);
  const head = [
    "POST /api/v1/sites/shop/environments/beta/deployments HTTP/1.1",
    `host: ${address.host}`,
    `authorization: Bearer ${token}`,
    "content-type: application/json",
    `content-length: ${body.length}`,
    "expect: 100-continue",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve)); // "100 Continue": the request has begun

  server.signal("SIGTERM");
  await server.printedLine("Sitebook is stopping");
  socket.write(body);
  expect(await answer).toContain("HTTP/1.1 201 Created");
  expect(await server.ended).toBe(0);
  expect(await onDatabase(numbers)).toEqual([1]);
});

test("with an account the server prints no setup link; on SIGINT it ends at once what open pages listen to", async () => {
  await tokenOn(url);
  await using server = starting({ DATABASE_URL: url });
  const address = await server.url();
  const cookie = await onDatabase(async (db) => {
    const ada = db.selectFrom("people").select("id").where("email", "=", "ada@example.test");
    return `sitebook=${await openSession(db, (await ada.executeTakeFirstOrThrow()).id, new Date().toISOString())}`;
  });
  const pages = await Promise.all(
    [1, 2, 3].map(() => fetch(`${address}/sites/shop/changes?since=0`, { headers: { cookie } })),
  );
  expect(pages.map(({ status }) => status)).toEqual([200, 200, 200]);

  server.signal("SIGINT");
  const texts = await Promise.all(pages.map((page) => page.text()));
  expect(texts.map((received) => received.startsWith("id: 0\n\n"))).toEqual([true, true, true]);
  expect(await server.ended).toBe(0);
  expect(server.lines.join("\n")).not.toContain("setup");
});

test("if several servers start at once on a new database, one creates the schema, and all serve", async () => {
  const fresh = await emptyDatabaseUrl();
  {
    await using first = starting({ DATABASE_URL: fresh.url });
    await using second = starting({ DATABASE_URL: fresh.url });
    await using third = starting({ DATABASE_URL: fresh.url });
    for (const server of [first, second, third])
      expect((await fetch(`${await server.url()}/readyz`)).status, server.lines.join("\n")).toBe(200);
  }
  const db = openDatabase(fresh.url);
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
  expect(await db.selectFrom("roles").select("slug").execute()).toHaveLength(6);
  await db.destroy();
  await fresh.drop();
});

test("every connection to a file has the pragmas that make it durable, also after a restart", async () => {
  if (!url.startsWith("file:")) return expect(await onDatabase(async (db) => isPostgres(db))).toBe(true);
  for (const _start of ["first", "second"]) {
    const pragma = async (name: string) =>
      onDatabase(
        async (db) => Object.values((await sql<object>`pragma ${sql.raw(name)}`.execute(db)).rows[0] ?? {})[0],
      );
    expect(await pragma("journal_mode")).toBe("wal");
    expect(await pragma("synchronous")).toBe(2);
    expect(await pragma("foreign_keys")).toBe(1);
    expect(await pragma("recursive_triggers")).toBe(1);
    expect(await pragma("busy_timeout")).toBe(10_000);
    expect(await pragma("trusted_schema")).toBe(0);
  }
});

test("a mail server that says nothing holds up neither what is planned nor webhooks", async () => {
  await tokenOn(url);
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  const now = new Date().toISOString();
  const kinds = ["security_mail", "promotion_expiry", "webhook"];
  await onDatabase(async (db) => {
    const { id: site_id } = await db.selectFrom("sites").select("id").executeTakeFirstOrThrow();
    const { id: personId } = await db
      .selectFrom("people")
      .select("id")
      .where("email", "is not", null)
      .executeTakeFirstOrThrow();
    await recordSecurityEvent(db, now, unknownClient, { kind: "signed_in", personId });
    const { seq } = await db
      .selectFrom("security_events")
      .select("seq")
      .orderBy("seq", "desc")
      .executeTakeFirstOrThrow();
    for (const [i, kind] of kinds.entries())
      await enqueue(db, { site_id, kind, ref: String(seq), run_at: addMs(now, i) });
  });
  const { port } = silent.address() as AddressInfo;
  await using server = starting({
    DATABASE_URL: url,
    SMTP_URL: `smtp://127.0.0.1:${port}`,
    MAIL_FROM: "book@example.test",
  });
  await server.url();
  const done = () =>
    onDatabase(async (db) => {
      const rows = await db
        .selectFrom("jobs")
        .select("kind")
        .where("done_at", "is not", null)
        .where("kind", "in", kinds)
        .execute();
      return rows.map(({ kind }) => kind).sort();
    });
  await expect.poll(done, { timeout: 10_000, interval: 200 }).toEqual(["promotion_expiry", "webhook"]);
  silent.close();
});

test("a receiver of webhooks that says nothing holds up no other, and is asked one thing at a time", async () => {
  await tokenOn(url);
  const [asked, told] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let timesAsked = 0;
  const silent = createServer(() => {
    timesAsked++;
    asked.resolve();
  }).listen(0, "127.0.0.1");
  const listening = createHttpServer((_request, response) => {
    response.writeHead(204).end();
    told.resolve();
  }).listen(0, "127.0.0.1");
  const env = { DATABASE_URL: url, SECRET: "of this test, and no secret at all", WEBHOOK_NETWORKS: "127.0.0.1" };
  const now = new Date().toISOString();
  await onDatabase(async (db) => {
    const site = (await findSite(db, "shop")) as Site;
    const actor: Actor = { ...(await systemActor(db, now)), permissions: new Set(["administer"]) };
    const context = { secrets: createSecrets({ secret: env.SECRET, databaseUrl: url }), isAllowed: () => true };
    for (const [i, receiver] of [silent, listening].entries()) {
      const address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
      const request = { name: `${i}`, shape: "standard", url: address, types: ["gate.changed"] };
      await createWebhook(db, actor, site, request, context);
    }
    const [quiet, prompt] = await db.selectFrom("webhooks").select("id").orderBy("name").execute();
    for (const [i, webhook] of [quiet, quiet, prompt].entries()) {
      const [id, created_at] = [newId(), addMs(now, i)];
      const delivery = { id, webhook_id: webhook?.id ?? "", site_id: site.id, seq: 1, type: "gate.changed" };
      await db
        .insertInto("webhook_deliveries")
        .values({ ...delivery, created_at, state: "waiting" })
        .execute();
      await enqueue(db, { site_id: site.id, kind: "webhook", ref: id, run_at: created_at });
    }
  });
  await using server = starting(env);
  await server.url();
  await Promise.all([asked.promise, told.promise]);
  // the first to be due has not been given up: nobody waited for that
  expect(timesAsked).toBe(1);
  for (const receiver of [silent, listening]) receiver.close();
});

async function numbers(db: Database): Promise<number[]> {
  const rows = await db.selectFrom("deployments").select("number").orderBy("number").execute();
  return rows.map((row) => row.number);
}

async function onDatabase<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const db = openDatabase(url);
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}
