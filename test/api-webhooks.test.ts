import { afterEach, beforeEach, expect, test } from "vitest";
import { systemActor } from "../src/access/system.ts";
import { plainText } from "../src/history/plain-text.ts";
import { listEvents } from "../src/history/queries.ts";
import { sentence } from "../src/history/sentences.ts";
import { writeNotices } from "../src/notices/write-notices.ts";
import { disableWebhook } from "../src/webhooks/webhooks.ts";
import { machine, stranger } from "./support/api.ts";
import { type World, world } from "./support/world.ts";

let w: World;
let token: Awaited<ReturnType<typeof machine>>;
let hook: string;
beforeEach(async () => {
  w = await world();
  token = await machine(w, "administrator");
  hook = `/sites/shop/webhooks/${(await create()).id}`;
});
afterEach(() => w.close());

const ci = { name: "CI", shape: "standard", url: "https://ci.example.test/hooks" };

const create = async (more: object = {}) =>
  (await token.post("/sites/shop/webhooks", { ...ci, ...more })).body as { id: string; secret: string };

const listed = async () => (await token.get("/sites/shop/webhooks")).body.items;

/** What the history says of webhooks, the newest first. */
const told = async () =>
  (await listEvents(w.db, w.site.id))
    .filter(({ action }) => action.startsWith("webhook_"))
    .map((event) => plainText(sentence(event), "UTC"));

test("a program gives a webhook a new secret, each time another one", async () => {
  const key = { "idempotency-key": "again" };
  const [first, second] = [await token.post(`${hook}/secret`, {}, key), await token.post(`${hook}/secret`, {}, key)];
  expect([first.status, first.body.name, first.body.secret]).toEqual([201, "CI", expect.stringMatching(/^whsec_/)]);
  expect(second.body.secret).not.toBe(first.body.secret);
  expect(JSON.stringify(await w.db.selectFrom("intents").selectAll().execute())).not.toContain("whsec_");
  const slack = await create({ name: "Slack", shape: "slack" });
  expect((await token.post(`/sites/shop/webhooks/${slack.id}/secret`, {})).status).toBe(404);
});

test("a program changes what it sends of a webhook, and nothing else", async () => {
  const change = { name: "Builds", url: "https://builds.example.test/", types: ["promotion.applied"] };
  const before = await w.db.selectFrom("webhooks").select("secret").executeTakeFirstOrThrow();
  const { status, body } = await token.patch(hook, { types: change.types });
  expect([status, body]).toEqual([
    200,
    expect.objectContaining({ name: "CI", host: "ci.example.test", types: change.types }),
  ]);
  await token.patch(hook, change);
  expect(await listed()).toMatchObject([{ name: "Builds", host: "builds.example.test", types: change.types }]);
  expect(await w.db.selectFrom("webhooks").select("secret").executeTakeFirstOrThrow()).toEqual(before);
  const history = await told();
  expect(history).toContainEqual(expect.stringContaining("changed the events of the webhook CI."));
  expect(history).toContainEqual(expect.stringContaining("changed the name and address of the webhook CI."));
  expect((await token.patch(hook, change)).body.name).toBe("Builds");
  expect(await told()).toEqual(history);
  expect(JSON.stringify(await w.db.selectFrom("events").select("details").execute())).not.toContain("/hooks");
});

test("a wrong change of a webhook is refused, with the sentences of the page", async () => {
  const { status, body } = await token.patch(hook, { name: " ", url: "http://127.0.0.1/", types: ["cake"] });
  expect([status, body.errors]).toEqual([
    422,
    [
      { path: "name", message: "Enter a name." },
      { path: "url", message: expect.stringContaining("in a private network") },
      { path: "types", message: "Select events from the list." },
    ],
  ]);
  expect((await token.patch(hook, { shape: "slack" })).status).toBe(422);
  expect(await listed()).toMatchObject([{ name: "CI", host: "ci.example.test", types: [] }]);
});

test("a program enables a webhook that was disabled, and one that is enabled stays as it is", async () => {
  const [{ id }] = await listed();
  await disableWebhook(w.db, await systemActor(w.db, w.clock.at), w.site, id, "Its receiver is gone.");
  expect(await listed()).toMatchObject([{ disabled_reason: "Its receiver is gone." }]);
  const { status, body } = await token.post(`${hook}/enable`, {});
  expect([status, body.disabled_at]).toEqual([201, null]);
  const history = await told();
  expect(history).toContainEqual(expect.stringContaining("enabled the webhook CI."));
  expect((await token.post(`${hook}/enable`, {})).status).toBe(201);
  expect(await told()).toEqual(history);
});

test("a program removes a webhook; with its key the request is repeated, and without it is not found", async () => {
  const key = { "idempotency-key": "removal" };
  const removed = await token.post(`${hook}/removal`, {}, key);
  expect([removed.status, removed.body.name]).toEqual([201, "CI"]);
  expect((await token.post(`${hook}/removal`, {}, key)).body).toEqual(removed.body);
  for (const path of ["removal", "enable", "secret"])
    expect((await token.post(`${hook}/${path}`, {})).status).toBe(404);
  expect((await token.patch(hook, { name: "CI" })).status).toBe(404);
  expect(await listed()).toEqual([]);
});

test("a program delivers something again, which waits then, if it is of this webhook", async () => {
  await w.record("beta", ["/sale v1"]);
  await writeNotices(w.db, w.clock.at, false);
  const { id } = (await token.get(`${hook}/deliveries`)).body.items[0];
  await w.db.updateTable("webhook_deliveries").set({ state: "delivered", ended_at: w.clock.at }).execute();
  await w.db.updateTable("jobs").set({ done_at: w.clock.at }).execute();
  const again = () => token.post(`${hook}/deliveries/${id}/replay`, {});
  for (const answer of [await again(), await again()])
    expect([answer.status, answer.body]).toEqual([201, { id, state: "waiting" }]);
  expect((await token.get(`${hook}/deliveries`)).body.items).toMatchObject([{ id, state: "waiting" }]);
  const jobs = w.db.selectFrom("jobs").select("ref").where("kind", "=", "webhook").where("done_at", "is", null);
  expect(await jobs.execute()).toEqual([{ ref: id }]);
  const other = await create({ name: "Other" });
  expect((await token.post(`/sites/shop/webhooks/${other.id}/deliveries/${id}/replay`, {})).status).toBe(404);
  await token.post(`${hook}/removal`, {});
  expect((await again()).status).toBe(404);
});

test("another site's administrator finds none of it, and a viewer may do none of it", async () => {
  const calls = [
    ["PATCH", hook],
    ...["secret", "enable", "removal", `deliveries/${w.site.id}/replay`].map((path) => ["POST", `${hook}/${path}`]),
  ] as const;
  const init = { headers: { "content-type": "application/json" }, body: "{}" };
  for (const [client, status] of [[await stranger(w), 404] as const, [await machine(w, "viewer"), 403] as const])
    for (const [method = "", path = ""] of calls)
      expect((await client.send(path, { method, ...init })).status, `${method} ${path}`).toBe(status);
  const oskars = await machine(w, "administrator", { id: await elsewhere() });
  for (const [method = "", path = ""] of calls) {
    const own = path.replace("/shop/", "/elsewhere/");
    expect((await oskars.send(own, { method, ...init })).status, own).toBe(404);
  }
  expect(await listed()).toMatchObject([{ name: "CI", disabled_at: null }]);
});

const elsewhere = async () =>
  (await w.db.selectFrom("sites").select("id").where("slug", "=", "elsewhere").executeTakeFirstOrThrow()).id;
