import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSecrets } from "../src/access/secrets.ts";
import { setFreeze } from "../src/freezes/freezes.ts";
import { maxAttempts } from "../src/jobs/queue.ts";
import { runDueJobs } from "../src/jobs/worker.ts";
import { callable } from "../src/network/private-networks.ts";
import { writeNotices } from "../src/notices/write-notices.ts";
import { completeWithoutGate } from "../src/promotions/break-glass.ts";
import { expireApprovals } from "../src/promotions/expiry.ts";
import { complete, decide } from "../src/promotions/promotions.ts";
import { withdrawApproval } from "../src/promotions/withdrawals.ts";
import { addMs } from "../src/time/add.ts";
import { replayDelivery, sendDelivery } from "../src/webhooks/deliveries.ts";
import { postJson } from "../src/webhooks/post.ts";
import type { WebhookRequest } from "../src/webhooks/rules.ts";
import { createWebhook, enableWebhook, removeWebhook, rotateSecret } from "../src/webhooks/webhooks.ts";
import { setGate } from "./support/gates.ts";
import { serveAt, visit } from "./support/visits.ts";
import { htmlPage, webSite } from "./support/web-site.ts";
import { environmentOf, type World, world } from "./support/world.ts";

let w: World;
let receiver: Awaited<ReturnType<typeof receiving>>;
beforeEach(async () => {
  [w, receiver] = await Promise.all([world(), receiving()]);
});
afterEach(() => Promise.all([w.close(), receiver.close()]));

/** A receiver on this machine, which answers with `status`. */
async function receiving() {
  const received: { headers: IncomingHttpHeaders; body: string }[] = [];
  const answers = { status: 204, location: "" };
  const server: Server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    received.push({ headers: request.headers, body });
    response.writeHead(answers.status, answers.location ? { location: answers.location } : {}).end("thank you");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise((done) => server.close(done));
  return { received, answers, port, url: `http://127.0.0.1:${port}/hooks`, close };
}

const secrets = createSecrets({ databaseUrl: "file::memory:" });
const local = { secrets, isAllowed: callable(["127.0.0.0/8", "::1"]), baseUrl: "https://sitebook.example.test" };

/** What the server's worker does in one round. */
async function work(context = local): Promise<void> {
  await writeNotices(w.db, w.clock.at, false);
  await runDueJobs(w.db, { webhook: (db, job, now) => sendDelivery(db, job, now, context) }, () => w.clock.at);
}

const create = async (more: Partial<WebhookRequest> = {}, context = local) =>
  createWebhook(
    w.db,
    await w.by("iris"),
    w.site,
    { name: "CI", shape: "standard", url: receiver.url, types: [], ...more },
    context,
  );

const later = (ms: number) => {
  w.clock.at = addMs(w.clock.at, ms);
};

const verified = (secret: string | undefined, i = 0) => {
  const { body, headers } = receiver.received[i] as (typeof receiver.received)[number];
  return new Webhook(secret ?? "").verify(body, headers as Record<string, string>) as Record<string, unknown>;
};

/** The library checks that a delivery is from these minutes. */
const nowForReal = () => {
  w.clock.at = new Date().toISOString();
};

test("a webhook is told of a deployment, signed so that the public library verifies it", async () => {
  nowForReal();
  await w.record("beta", ["/before v1"]);
  later(1000);
  const { secret } = await create();
  await w.record("beta", ["/sale v1"]);
  await work();
  expect(receiver.received).toHaveLength(1);
  expect(verified(secret)).toMatchObject({
    type: "deployment.recorded",
    data: {
      site: "shop",
      action: "deployment_recorded",
      text: expect.stringContaining("Cleo recorded deployment 2 on beta"),
      url: "https://sitebook.example.test/sites/shop/deployments/2",
      person: { name: "Cleo", kind: "person" },
    },
  });
  expect(() => verified("whsec_d3Jvbmc=")).toThrow();
  await work();
  expect(receiver.received).toHaveLength(1);
});

test("a webhook of all events, and one of findings, are told what a visit found and what is settled", async () => {
  await using beta = await webSite({ "/sale": htmlPage("Sale", "<p>Shoes</p>") });
  await serveAt(w, "beta", beta.base);
  await w.record("beta", ["/sale v1", "/about v1"]);
  later(1000);
  await create();
  await create({ name: "Findings", types: ["findings.opened", "findings.settled"] });
  await visit(w, "beta");
  beta.pages["/about"] = htmlPage("About", "<p>A shop</p>");
  await visit(w, "beta");
  await work();
  const told = receiver.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  for (const type of ["findings.opened", "findings.settled"])
    expect(told.filter((one) => one.type === type)).toHaveLength(2);
  // a page that is missing is no drift
  expect(told.filter((one) => String(one.type).startsWith("drift."))).toEqual([]);
  expect(told.find(({ type }) => type === "findings.opened")).toMatchObject({
    data: {
      text: expect.stringContaining("found 1 finding: missing, /about"),
      url: "https://sitebook.example.test/sites/shop/findings?environment=beta",
      details: { environment: "beta", server: "web", count: 1, findings: [{ code: "missing", path: "/about" }] },
    },
  });
  expect(told.find(({ type }) => type === "findings.settled")).toMatchObject({
    data: { url: "https://sitebook.example.test/sites/shop/findings?environment=beta&state=settled" },
  });
});

test("it is told only of the events that were selected, and of the approval that was the last missing", async () => {
  await create({ types: ["promotion.requested", "promotion.approved"] });
  await w.record("beta", ["/sale v1"]);
  const { number } = await w.release("Sale", ["/sale"]);
  const promotion = await w.ask(number, "demo");
  await decide(w.db, await w.by("theo"), w.site, promotion.number, { decision: "approve", digest: promotion.digest });
  await work();
  const types = receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
  expect(types.toSorted()).toEqual(["promotion.approved", "promotion.requested"]);
});

test("it is told that approvals are requested, and requested anew after one has ended, where some are needed", async () => {
  await create({ types: ["approval.requested"] });
  await setGate(w, "demo", { requirements: [{ role: "tester", count: 1 }], approval_days: 1 });
  await setGate(w, "live", { requirements: [] });
  await w.record("beta", ["/sale v1"]);
  const release = await w.release("Sale", ["/sale"]);
  const { number, digest } = await w.ask(release.number, "demo");
  const theo = async () => w.by("theo");
  const approve = async () => decide(w.db, await theo(), w.site, number, { decision: "approve", digest });
  const told = () =>
    receiver.received.map(({ body }) => (JSON.parse(body) as { data: { action: string } }).data.action);
  await work();
  await approve();
  await withdrawApproval(w.db, await theo(), w.site, number, "Too early");
  await work();
  await approve();
  later(24 * 3_600_000);
  await runDueJobs(w.db, { approval_expiry: expireApprovals }, () => w.clock.at);
  await work();
  await approve();
  await complete(w.db, await w.by("ada"), w.site, number, {});
  await w.ask(release.number, "live");
  await work();
  expect(told()).toEqual(["promotion_asked", "approval_withdrawn", "approval_expired"]);
});

test("it is told what else an event is: drift, a removal, a freeze that was overridden", async () => {
  await using beta = await webSite({ "/sale": htmlPage("Sale", "<p>Shoes</p>") });
  await serveAt(w, "beta", beta.base);
  await w.record("beta", ["/sale v1"]);
  await visit(w, "beta");
  later(1000);
  const types = [
    "drift.detected",
    "drift.resolved",
    "deployment.removed",
    "freeze.overridden",
    "approval.carried_over",
  ];
  await create({ types });
  beta.pages["/sale"] = htmlPage("Sale", "<p>Boots</p>");
  await visit(w, "beta");
  await w.record("beta", ["/sale v2", "/old v1"]);
  await visit(w, "beta");
  await w.record("beta", ["-/old"]);
  await setGate(w, "demo", { requirements: [{ role: "tester", count: 1 }] });
  const { number } = await w.ask((await w.release("Sale", ["/sale"])).number, "demo");
  await setFreeze(w.db, await w.by("iris"), w.site, environmentOf(w.site, "demo"), { reason: "Audit" });
  await completeWithoutGate(w.db, await w.by("iris"), w.site, number, { reason: "The shop is down" });
  await work();
  const told = receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
  expect(told.toSorted()).toEqual(["deployment.removed", "drift.detected", "drift.resolved", "freeze.overridden"]);
});

test("Slack and Teams get a sentence with a link, and nothing in a name becomes markup", async () => {
  await create({ shape: "slack", name: "Slack" });
  await create({ shape: "teams", name: "Teams" });
  await w.record("beta", ["/sale v1"]);
  await w.release("<!channel> & co", ["/sale"]);
  await work();
  const bodies = receiver.received.map(({ body }) => body);
  expect(bodies.filter((body) => body.includes("<!channel>") && body.startsWith('{"text"'))).toEqual([]);
  expect(bodies.some((body) => body.includes("&lt;!channel&gt; &amp; co"))).toBe(true);
  const cards = bodies.filter((body) => body.includes("AdaptiveCard")).map((body) => JSON.parse(body));
  expect(cards[0]).toMatchObject({
    type: "message",
    attachments: [{ content: { actions: [{ type: "Action.OpenUrl", url: expect.stringContaining("/sites/shop/") }] } }],
  });
  expect(receiver.received[0]?.headers["webhook-signature"]).toBeUndefined();
  const { number, digest } = await w.ask(1, "demo");
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest });
  await work();
  // in a channel the last approval is one message, and not that the promotion is approved besides
  expect(receiver.received.filter(({ body }) => body.includes("Theo approved"))).toHaveLength(2);
});

test("no private address is called: neither written down, nor what a name resolves to when it is called", async () => {
  const outside = { ...local, isAllowed: callable([]) };
  for (const address of [
    "127.0.0.1",
    "10.1.2.3",
    "169.254.169.254",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[fe80::1]",
    "[fec0::1]",
    "[fd00::1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "0x7f.1",
    "0.0.0.0",
    "2130706433",
  ])
    await expect(create({ url: `http://${address}/` }, outside)).rejects.toThrow("in a private network");
  await create({ url: `http://localhost:${receiver.port}/` }, outside);
  await w.record("beta", ["/sale v1"]);
  await work(outside);
  expect(receiver.received).toEqual([]);
  const { answer } = await w.db.selectFrom("webhook_deliveries").select("answer").executeTakeFirstOrThrow();
  expect(answer).toContain("in a private network, which Sitebook does not call");
  later(60_000);
  await work();
  expect(receiver.received).toHaveLength(1);
});

test("a redirect is not followed", async () => {
  await create();
  Object.assign(receiver.answers, { status: 302, location: receiver.url });
  await w.record("beta", ["/sale v1"]);
  await work();
  expect(receiver.received).toHaveLength(1);
  expect(await w.db.selectFrom("webhook_deliveries").select(["state", "status"]).execute()).toEqual([
    { state: "waiting", status: 302 },
  ]);
});

test("a receiver that fails is tried again for three days with one id, then disabled, and the administrators are told", async () => {
  await create();
  receiver.answers.status = 500;
  await w.record("beta", ["/sale v1"]);
  const start = Date.parse(w.clock.at);
  await work();
  for (let i = 1; i < maxAttempts; i++) {
    const { run_at } = await w.db
      .selectFrom("jobs")
      .select("run_at")
      .where("kind", "=", "webhook")
      .executeTakeFirstOrThrow();
    w.clock.at = run_at;
    await work();
  }
  expect(receiver.received).toHaveLength(maxAttempts);
  expect(Date.parse(w.clock.at) - start).toBeGreaterThan(3 * 24 * 3_600_000);
  expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  const page = await (await w.as("iris").get("/sites/shop/settings/webhooks")).text();
  expect(page).toContain("Its receiver has not accepted a delivery for three days.");
  await work();
  const notices = await w.db
    .selectFrom("notices")
    .select(["person_id", "kind"])
    .where("kind", "=", "webhook_disabled")
    .execute();
  expect(notices).toEqual([{ person_id: w.people.iris.id, kind: "webhook_disabled" }]);
  await w.record("beta", ["/sale v2"]);
  await work();
  expect(receiver.received).toHaveLength(maxAttempts);
  receiver.answers.status = 200;
  const { id } = await w.db.selectFrom("webhooks").select("id").executeTakeFirstOrThrow();
  await enableWebhook(w.db, await w.by("iris"), w.site, id);
  await w.record("beta", ["/sale v3"]);
  await work();
  expect(receiver.received).toHaveLength(maxAttempts + 1);
});

test("a receiver that says it is gone is disabled at once", async () => {
  await create();
  receiver.answers.status = 410;
  await w.record("beta", ["/sale v1"]);
  await work();
  const { disabled_reason } = await w.db.selectFrom("webhooks").select("disabled_reason").executeTakeFirstOrThrow();
  expect(disabled_reason).toBe("Its receiver answered that it is gone.");
});

test("for a day after its secret was changed both sign, and then only the new one", async () => {
  nowForReal();
  const before = await create();
  const after = await rotateSecret(w.db, await w.by("iris"), w.site, before.id, local);
  await w.record("beta", ["/sale v1"]);
  await work();
  expect(verified(before.secret)).toEqual(verified(after.secret));
  // as if it had been changed a day ago
  const yesterday = addMs(w.clock.at, -1);
  await w.db.updateTable("webhooks").set({ previous_until: yesterday }).execute();
  await w.record("beta", ["/sale v2"]);
  await work();
  expect(verified(after.secret, 1)).toMatchObject({ type: "deployment.recorded" });
  expect(() => verified(before.secret, 1)).toThrow();
});

test("a secret that was changed twice in a row, as by two clicks, signs for a day as well", async () => {
  nowForReal();
  const before = await create();
  const iris = await w.by("iris");
  const [first, second] = [
    await rotateSecret(w.db, iris, w.site, before.id, local),
    await rotateSecret(w.db, iris, w.site, before.id, local),
  ];
  await w.record("beta", ["/sale v1"]);
  await work();
  for (const { secret } of [before, first, second])
    expect(verified(secret)).toMatchObject({ type: "deployment.recorded" });
});

test("a receiver that accepts and then does not end its response has accepted", async () => {
  const endless = createServer((_request, response) => {
    response.writeHead(200).write("thank you");
  }).listen(0, "127.0.0.1");
  await once(endless, "listening");
  const url = new URL(`http://127.0.0.1:${(endless.address() as AddressInfo).port}/`);
  const result = await postJson(url, "{}", {}, { isAllowed: () => true });
  endless.closeAllConnections();
  endless.close();
  expect(result).toEqual({ status: 200, answer: "thank you" });
});

test("a delivery is sent again by hand with the same id, and none to a webhook that was removed", async () => {
  const { id } = await create();
  await w.record("beta", ["/sale v1"]);
  await work();
  const delivery = await w.db.selectFrom("webhook_deliveries").select(["id", "webhook_id"]).executeTakeFirstOrThrow();
  await replayDelivery(w.db, w.site.id, delivery, w.clock.at);
  await work();
  expect(receiver.received).toHaveLength(2);
  expect(receiver.received[0]?.headers["webhook-id"]).toBe(receiver.received[1]?.headers["webhook-id"]);
  await removeWebhook(w.db, await w.by("iris"), w.site, id);
  await replayDelivery(w.db, w.site.id, delivery, w.clock.at);
  await w.record("beta", ["/sale v2"]);
  await work();
  expect(receiver.received).toHaveLength(2);
});

test("a delivery that is asked for again while it waits is sent once, also by two servers", async () => {
  await create();
  await w.record("beta", ["/sale v1"]);
  await writeNotices(w.db, w.clock.at, false);
  const delivery = await w.db.selectFrom("webhook_deliveries").select(["id", "webhook_id"]).executeTakeFirstOrThrow();
  await replayDelivery(w.db, w.site.id, delivery, w.clock.at);
  await Promise.all([work(), work()]);
  expect(receiver.received).toHaveLength(1);
  await Promise.all([1, 2].map(() => replayDelivery(w.db, w.site.id, delivery, w.clock.at)));
  await Promise.all([work(), work()]);
  expect(receiver.received).toHaveLength(2);
  for (const wrong of [{ id: w.site.id }, { webhook_id: w.site.id }])
    await expect(replayDelivery(w.db, w.site.id, { ...delivery, ...wrong }, w.clock.at)).rejects.toThrow(
      "Delivery not found.",
    );
});

test("an administrator creates a webhook on the page, sees its deliveries, and nobody else does", async () => {
  const iris = w.as("iris");
  const path = "/sites/shop/settings/webhooks";
  const form = { name: "CI", shape: "standard", url: "https://ci.example.test/hooks" };
  const wrong = await iris.post(path, { ...form, name: "", url: "ci.example.test" });
  expect(wrong.status).toBe(422);
  expect(await wrong.text()).toMatch(/Enter a name\..*Enter a web address/s);
  const created = await iris.post(path, form);
  expect(created.status).toBe(201);
  expect(await created.text()).toMatch(/whsec_[\w+/]+=*/);
  const list = await (await iris.get(path)).text();
  expect(list).toContain("ci.example.test");
  expect(list).not.toContain("/hooks<");
  const [, page = ""] = /href="(\/sites\/shop\/settings\/webhooks\/[0-9a-f-]{36})"/.exec(list) ?? [];
  expect(await (await iris.get(page)).text()).toContain("Nothing has been delivered yet.");
  expect(await (await iris.post(`${page}/secret`)).text()).toContain("whsec_");
  expect(await (await iris.submit(`${page}/removal`)).text()).toContain("CI removed.");
  expect((await iris.get(page)).status).toBe(404);
  expect((await w.as("ada").post(path, form)).status).toBe(403);
  expect((await w.as("oskar").get(path)).status).toBe(404);
  const rows = await w.db.selectFrom("webhooks").select(["url", "secret"]).execute();
  expect(JSON.stringify(rows)).not.toMatch(/ci\.example|whsec/);
});

test("a program creates a webhook by the API, and reads what was delivered", async () => {
  const token = await w.token("administrator");
  const url = "https://ci.example.test/hooks";
  const wrong = await token.post("/sites/shop/webhooks", { name: "CI", shape: "standard", url: "ci", types: ["cake"] });
  expect(wrong.status).toBe(422);
  const { errors } = (await wrong.json()) as { errors: { path: string }[] };
  expect(errors.map(({ path }) => path)).toEqual(["url", "types"]);
  const created = await token.post("/sites/shop/webhooks", { name: "CI", shape: "standard", url });
  const { id, secret } = (await created.json()) as { id: string; secret: string };
  expect([created.status, secret]).toEqual([201, expect.stringMatching(/^whsec_/)]);
  const { items } = (await (await token.get("/sites/shop/webhooks")).json()) as { items: object[] };
  expect(items).toMatchObject([{ id, name: "CI", host: "ci.example.test", types: [], disabled_at: null }]);
  await w.record("beta", ["/sale v1"]);
  await writeNotices(w.db, w.clock.at, false);
  const deliveries = await token.get(`/sites/shop/webhooks/${id}/deliveries`);
  expect(await deliveries.json()).toMatchObject({
    items: [{ type: "deployment.recorded", state: "waiting" }],
    next: null,
  });
  expect((await token.get("/sites/shop/webhooks/another/deliveries")).status).toBe(404);
  expect((await (await w.token("viewer")).get("/sites/shop/webhooks")).status).toBe(403);
});
