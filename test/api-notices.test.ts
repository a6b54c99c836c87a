import { afterEach, beforeEach, expect, test } from "vitest";
import { runDueJobs } from "../src/jobs/worker.ts";
import { createMailer } from "../src/mail/mailer.ts";
import { sendNotice } from "../src/notices/send.ts";
import { writeNotices } from "../src/notices/write-notices.ts";
import { addMs } from "../src/time/add.ts";
import { machine, stranger } from "./support/api.ts";
import { type MailServer, mailServer } from "./support/mail-server.ts";
import { type World, world } from "./support/world.ts";

let w: World;
let server: MailServer;
beforeEach(async () => {
  [w, server] = await Promise.all([world(), mailServer()]);
});
afterEach(() => Promise.all([w.close(), server.close()]));

const path = "/sites/shop/notices";

/** What the server's worker does in one round. */
async function work(url = server.url): Promise<void> {
  const mailer = createMailer({ url, from: "Sitebook <sitebook@example.test>" }, { timeoutMs: 2_000 });
  const context = { mailer, baseUrl: "https://sitebook.example.test" };
  await writeNotices(w.db, w.clock.at, true);
  await runDueJobs(w.db, { notice: (db, job, now) => sendNotice(db, job, now, context) }, () => w.clock.at);
}

/** Two requests, of which Theo is told. */
async function requested(): Promise<void> {
  await w.record("beta", ["/sale v1", "/shoes v1"]);
  await w.ask((await w.release("Sale", ["/sale"])).number, "demo");
  await w.ask((await w.release("Shoes", ["/shoes"])).number, "demo");
}

test("an administrator's program reads what was sent, page by page, and sends a notice again", async () => {
  await w.record("beta", ["/sale v1", "/shoes v1"]);
  await w.ask((await w.release("Sale", ["/sale"])).number, "demo");
  await work();
  w.clock.at = addMs(w.clock.at, 1000);
  await w.ask((await w.release("Shoes", ["/shoes"])).number, "demo");
  await work();
  const ci = await machine(w, "administrator");
  const { body } = await ci.get(`${path}?limit=1`);
  expect(body.items).toMatchObject([
    { kind: "approval_needed", person: "Theo", promotion: 2, state: "sent", reason: null, delivery: "now" },
  ]);
  const rest = await ci.get(`${path}?limit=1&cursor=${body.next}`);
  expect([rest.body.items[0].promotion, rest.body.next]).toEqual([1, null]);
  const sent = server.to("theo@example.test").length;
  for (let i = 0; i < 2; i++)
    expect(await ci.post(`${path}/${body.items[0].id}/again`, {})).toMatchObject({
      status: 201,
      body: { state: "waiting" },
    });
  await work();
  const mails = server.to("theo@example.test");
  expect(mails).toHaveLength(sent + 1);
  expect(mails.at(-1)?.messageId).toBe(mails.find(({ subject }) => subject?.startsWith("Shoes"))?.messageId);
});

test("what could not be sent has its reason", async () => {
  const { port } = new URL(server.url);
  await server.close();
  await requested();
  await work(`smtp://127.0.0.1:${port}`);
  const { body } = await (await machine(w, "administrator")).get(path);
  expect(body.items).toMatchObject([
    { state: "waiting", reason: expect.stringContaining("ECONNREFUSED") },
    { state: "waiting", reason: expect.stringContaining("ECONNREFUSED") },
  ]);
});

test("a program sets which notices people get, and reads them", async () => {
  const ci = await machine(w, "administrator");
  const changed = await ci.patch("/sites/shop/notice-rules", { approval_needed: "off", subscribed: "required" });
  expect(changed).toMatchObject({ status: 200, body: { approval_needed: "off", subscribed: "required" } });
  expect((await ci.get("/sites/shop/notice-rules")).body).toEqual(changed.body);
  const wrong = await ci.patch("/sites/shop/notice-rules", { approval_needed: "sometimes" });
  expect([wrong.status, wrong.body.errors]).toEqual([
    422,
    [{ path: "approval_needed", message: '"approval_needed" must be required or optional or off.' }],
  ]);
  expect((await ci.patch("/sites/shop/notice-rules", { cake: "off" })).status).toBe(422);
  await requested();
  await work();
  expect(server.mails).toEqual([]);
});

test("only administrators read and change them, an unknown notice is not found, and a stranger finds none", async () => {
  await requested();
  await work();
  const { id } = await w.db.selectFrom("notices").select("id").limit(1).executeTakeFirstOrThrow();
  const manager = await machine(w, "account-manager");
  expect((await manager.get(path)).status).toBe(403);
  expect((await manager.post(`${path}/${id}/again`, {})).status).toBe(403);
  expect((await manager.get("/sites/shop/notice-rules")).status).toBe(403);
  expect((await manager.patch("/sites/shop/notice-rules", { subscribed: "off" })).status).toBe(403);
  const other = await stranger(w);
  expect((await other.get(path)).status).toBe(404);
  expect((await other.post(`${path}/${id}/again`, {})).status).toBe(404);
  expect((await other.post(`/sites/elsewhere/notices/${id}/again`, {})).status).toBe(404);
  expect((await (await machine(w, "administrator")).post(`${path}/${w.people.mara.id}/again`, {})).status).toBe(404);
});
