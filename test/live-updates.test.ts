import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSession } from "../src/access/sessions.ts";
import { createApp } from "../src/app.ts";
import { newId } from "../src/database/ids.ts";
import { createHttpServer } from "../src/http/server.ts";
import { decide } from "../src/promotions/promotions.ts";
import { capturedQueries } from "./support/explain.ts";
import { type Name, type World, world } from "./support/world.ts";

let w: World;
const closers: (() => unknown)[] = [];
beforeEach(async () => {
  w = await world();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await w.close();
});

const quick = { pollMs: 50, heartbeatMs: 100, recheckMs: 100 };

/** An application of its own on the same database, as of another server. */
function application(pace: Parameters<typeof createApp>[1]["pace"] = quick) {
  const stop = new AbortController();
  closers.push(() => stop.abort());
  const now = () => new Date(w.clock.at);
  return { app: createApp(w.db, { baseUrl: "http://sitebook.test", now, stopping: stop.signal, pace }), stop };
}

const cookieOf = async (name: Name) => `sitebook=${await openSession(w.db, w.people[name].id, w.clock.at)}`;
const eventsNow = async () =>
  (await w.db.selectFrom("sites").select("events").where("id", "=", w.site.id).executeTakeFirstOrThrow()).events;

/** What this person's page would receive, as text that grows. */
async function listen(app: World["app"], name: Name, headers: Record<string, string> = {}, since?: number) {
  const cookie = await cookieOf(name);
  const address = `/sites/shop/changes?for=${w.people[name].id}&since=${since ?? (await eventsNow())}`;
  const response = await app.request(`http://sitebook.test${address}`, { headers: { cookie, ...headers } });
  const stream = { response, text: "", ended: false, cookie, cancel: async () => reader?.cancel() };
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const receive = async () => {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done) break;
      stream.text += value;
    }
    stream.ended = true;
  };
  if (response.status === 200) void receive().catch(() => undefined);
  closers.push(() => stream.cancel().catch(() => undefined));
  return stream;
}

const changed = (stream: { text: string }) =>
  [...stream.text.matchAll(/event: changed\nid: (\d+)\n/g)].map(([, id]) => Number(id));

describe("an open page", () => {
  test("is notified of what somebody else does, with the number of the event and nothing else", async () => {
    const { app } = application();
    const stream = await listen(app, "vera");
    expect(stream.response.headers.get("content-type")).toBe("text/event-stream");
    await w.record("beta", ["/secret-page v1"]);
    await expect.poll(() => changed(stream)).toEqual([await eventsNow()]);
    expect(stream.text).not.toContain("secret-page");
  });

  test("is notified at once after a request to the same server", async () => {
    const { app } = application({ ...quick, pollMs: 3_600_000 });
    const stream = await listen(app, "vera");
    await expect.poll(() => stream.text).toContain("id:");
    const headers = { cookie: await cookieOf("ada"), origin: "http://sitebook.test" };
    const body = new URLSearchParams({ environment: "live", reason: "Audit" });
    await app.request("http://sitebook.test/sites/shop/settings/freezes", { method: "POST", headers, body });
    await expect.poll(() => changed(stream)).toEqual([await eventsNow()]);
  });

  test("is notified of what happened since it was loaded, and after a pause since it last heard of", async () => {
    const { app } = application();
    const before = await eventsNow();
    await w.record("beta", ["/ v1"]);
    const stream = await listen(app, "vera", {}, before);
    await expect.poll(() => changed(stream)).toEqual([await eventsNow()]);
    const upToDate = await listen(app, "vera", { "last-event-id": String(await eventsNow()) }, before);
    await expect.poll(() => upToDate.text).toMatch(/:\n\n/);
    expect(changed(upToDate)).toEqual([]);
  });

  test("hears nothing of other sites", async () => {
    const { app } = application();
    const stream = await listen(app, "vera");
    const oskar = w.as("oskar");
    await oskar.post("/sites/elsewhere/settings/freezes", { environment: "live", reason: "Audit", key: "now" });
    await expect.poll(() => stream.text.split(":\n\n").length).toBeGreaterThan(3);
    expect(changed(stream)).toEqual([]);
  });

  test("gets a comment now and then, so that proxies keep the connection", async () => {
    const stream = await listen(application().app, "vera");
    await expect.poll(() => stream.text).toMatch(/(:\n\n){2}/);
  });

  test("is not compressed, which would hold events back", async () => {
    const stream = await listen(application().app, "vera", { "accept-encoding": "gzip, br" });
    expect(stream.response.headers.get("content-encoding")).toBeNull();
    expect(stream.response.headers.get("cache-control")).toBe("no-store");
    await expect.poll(() => stream.text).toContain("id:");
  });
});

describe("the stream ends", () => {
  const ways: [string, (cookie: string) => Promise<unknown>][] = [
    [
      "when the person signs out elsewhere",
      (cookie) =>
        w.db
          .deleteFrom("sessions")
          .where("person_id", "=", w.people.vera.id)
          .execute()
          .then(() => cookie),
    ],
    [
      "when the person loses their role",
      () => w.db.deleteFrom("memberships").where("person_id", "=", w.people.vera.id).execute(),
    ],
    [
      "when the session is over, which the stream does not prolong",
      async () => {
        w.clock.at = "2026-03-12T10:00:00.000Z";
      },
    ],
  ];
  test.each(ways)("%s", async (_, lose) => {
    const stream = await listen(application().app, "vera");
    await expect.poll(() => stream.text).toMatch(/:\n\n/);
    await lose(stream.cookie);
    await expect.poll(() => stream.ended).toBe(true);
    expect(stream.text.endsWith("event: bye\ndata: \n\n")).toBe(true);
  });

  test("at once when the server stops, and none begins then", async () => {
    const { app, stop } = application();
    const stream = await listen(app, "vera");
    stop.abort();
    await expect.poll(() => stream.ended).toBe(true);
    expect((await listen(app, "vera")).response.status).toBe(503);
  });
});

describe("a stream is refused", () => {
  test("without a session, for somebody else, and without a role", async () => {
    const { app } = application();
    const get = (path: string, headers = {}) => app.request(`http://sitebook.test${path}`, { headers });
    const answer = await get(`/sites/shop/changes?for=${w.people.vera.id}`, { "hx-request": "true" });
    expect([answer.status, answer.headers.get("hx-redirect")]).toEqual([401, null]);
    const cookie = await cookieOf("ada");
    expect((await get(`/sites/shop/changes?for=${w.people.vera.id}`, { cookie })).status).toBe(401);
    expect((await listen(app, "oskar")).response.status).toBe(404);
  });

  test("to a person who has many, and to everybody once the server has as many as it can keep", async () => {
    const { app } = application({ ...quick, maxListenersOfPerson: 2, maxListeners: 3 });
    const first = await listen(app, "vera");
    await listen(app, "vera");
    expect((await listen(app, "vera")).response.status).toBe(429);
    await listen(app, "ada");
    expect((await listen(app, "mara")).response.status).toBe(503);
    await first.cancel();
    await expect.poll(async () => (await listen(app, "mara")).response.status).toBe(200);
  });
});

test("nothing is asked of the database while nobody listens, and one query at a time while many do", async () => {
  const { app } = application();
  const queries = async (work: () => Promise<unknown>) => (await capturedQueries(w.db, work)).map(({ sql }) => sql);
  const pause = () => new Promise((resolve) => setTimeout(resolve, 300));
  expect(await queries(pause)).toEqual([]);

  const streams = [await listen(app, "vera"), await listen(app, "ada"), await listen(app, "mara")];
  const polls = (await queries(pause)).filter((sql) => /from .?sites.? where .?id/.test(sql));
  expect(polls.length).toBeGreaterThan(1);
  expect(polls.length).toBeLessThanOrEqual(8);

  for (const stream of streams) await stream.cancel();
  await pause();
  expect(await queries(pause)).toEqual([]);
});

test("the parts of the frame that a page loads again are for its person alone", async () => {
  await w.record("beta", ["/sale v1"]);
  await w.release("Spring", ["/sale"]);
  const { digest } = await w.ask(1, "demo");
  const frame = (who: Name, shownTo: Name = who) =>
    w.as(who).get(`/sites/shop/frame?for=${w.people[shownTo].id}&rail=full&environment=demo`);
  const part = await (await frame("theo")).text();
  expect(part).toMatch(/^<span id="inbox-count" data-count="1" data-live="Inbox: 1 need you"/);
  expect(part).toContain('<nav class="rail" aria-label="Environments, in order of promotion" id="rail">');
  expect(part).toContain('aria-current="page"><bdi>demo</bdi>');
  expect(part).not.toContain("<h1");
  expect((await frame("ada", "theo")).status).toBe(401);

  await decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest });
  expect(await (await frame("theo")).text()).toContain('data-count="0" data-live="Inbox: nothing needs you"');
  expect(await (await w.as("ada").get("/sites/shop")).text()).toMatch(/<title>\(1\) Board, /);
});

test("a notice is left to the page that the person opens next", async () => {
  const ada = w.as("ada");
  await ada.post("/sites/shop/settings/freezes", { environment: "live", reason: "Audit", key: "now" });
  await ada.get(`/sites/shop/frame?for=${w.people.ada.id}&rail=slim`);
  expect(await (await ada.get("/sites/shop")).text()).toContain("Freeze 1 set");
});

test("a thousand idle pages are kept open, are all notified, and end at once when the server stops", async () => {
  const { app, stop } = application({ batch: 200, batchPauseMs: 10, heartbeatMs: 500 });
  const server = createHttpServer((request, env) => app.fetch(request, env));
  await once(server.listen(0, "127.0.0.1"), "listening");
  closers.push(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const cookies = await manySessions(60);
  const since = await eventsNow();
  const sockets = await Promise.all(
    Array.from({ length: 1000 }, (_, i) => openSocket(port, cookies[i % 60] as string, since)),
  );
  const heard = (pattern: RegExp) => sockets.filter(({ received }) => pattern.test(received)).length;
  await expect.poll(() => heard(/^HTTP\/1\.1 200.*id: \d+/s), { timeout: 30_000 }).toBe(1000);
  await expect.poll(() => heard(/:\n\n/), { timeout: 30_000 }).toBe(1000);
  expect(sockets.filter(({ socket }) => socket.destroyed)).toEqual([]);

  const before = Date.now();
  expect((await app.request("http://sitebook.test/sign-in")).status).toBe(200);
  expect(Date.now() - before, "others are served meanwhile").toBeLessThan(2000);

  await w.record("beta", ["/ v1"]);
  await expect.poll(() => heard(/event: changed/), { timeout: 30_000 }).toBe(1000);

  const closed = once(server, "close");
  stop.abort();
  server.close();
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  await closed;
  clearInterval(idle);
});

/** Sessions of people with a role on the shop. */
async function manySessions(count: number): Promise<string[]> {
  const people = Array.from({ length: count }, (_, i) => ({
    id: newId(),
    name: `Reader ${i}`,
    kind: "person" as const,
  }));
  const rest = { password: null, created_at: w.clock.at };
  await w.db
    .insertInto("people")
    .values(people.map((person) => ({ ...person, ...rest, email: `${person.id}@example.test` })))
    .execute();
  const role = { site_id: w.site.id, role: "viewer", since: w.clock.at };
  await w.db
    .insertInto("memberships")
    .values(people.map(({ id }) => ({ ...role, person_id: id })))
    .execute();
  const cookies: string[] = [];
  for (const { id } of people) cookies.push(`sitebook=${await openSession(w.db, id, w.clock.at)}`);
  return cookies;
}

async function openSocket(port: number, cookie: string, since: number) {
  const socket: Socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  closers.push(() => socket.destroy());
  const opened = { socket, received: "" };
  socket.on("data", (bytes) => {
    opened.received += String(bytes);
  });
  await once(socket, "connect");
  socket.write(`GET /sites/shop/changes?since=${since} HTTP/1.1\r\nHost: sitebook.test\r\nCookie: ${cookie}\r\n\r\n`);
  return opened;
}
