import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createApp } from "../src/app.ts";
import { openDatabase } from "../src/database/connect.ts";
import { machine } from "./support/api.ts";
import { watchQueries } from "./support/database.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const placements = [{ kind: "page", key: "/", version: "v1" }];
const request = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  w.app.request(`http://sitebook.test${path}`, { method, headers });

test("a request without a valid token is refused with 401", async () => {
  for (const authorization of ["", "Basic aXJpczppcmlz", "Bearer", "Bearer not-a-token"]) {
    const response = await request("/api/v1/sites/shop/environments", authorization ? { authorization } : {});
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ status: 401, title: "Not authenticated" });
  }
});

test("a browser's session is not accepted", async () => {
  expect((await w.as("iris").get("/api/v1/sites")).status).toBe(401);
  expect((await w.as("iris").post("/api/v1/sites")).status).toBe(401);
});

test("a token works until it expires or is revoked", async () => {
  const ci = await machine(w, "contributor");
  const token = w.db.updateTable("tokens").where("person_id", "=", ci.machine.id);
  await token.set({ expires_at: "2026-03-04T00:00:00.000Z" }).execute();
  expect((await ci.get("/sites")).status).toBe(200);
  w.clock.at = "2026-03-04T00:00:00.001Z";
  expect((await ci.get("/sites")).status).toBe(401);
  await token.set({ expires_at: null, revoked_at: w.clock.at }).execute();
  const refused = await ci.post("/sites/shop/environments/beta/deployments", { placements });
  expect(refused.status).toBe(401);
  expect(refused.body.detail).toBe("This token is unknown, expired or revoked. Create a new one.");
});

test("a site on which the token has no role is not found, whether it exists or not", async () => {
  const ci = await machine(w, "contributor");
  const existing = await ci.get("/sites/elsewhere/environments");
  const missing = await ci.get("/sites/nowhere/environments");
  expect(existing.status).toBe(404);
  expect(existing.body).toEqual(missing.body);
  const post = await ci.post("/sites/elsewhere/environments/beta/deployments", { placements });
  expect(post.status).toBe(404);
});

test("what the token's roles do not allow is refused with the rule's sentence", async () => {
  const viewer = await machine(w, "viewer");
  const contributor = await machine(w, "contributor");
  const record = await viewer.post("/sites/shop/environments/beta/deployments", { placements });
  expect(record.status).toBe(403);
  expect(record.body.detail).toBe(
    "You may not record deployments on this site. Ask an administrator for a role that can.",
  );
  await w.record("beta", ["/ v1"]);
  const release = { name: "Spring", contents: placements };
  expect((await contributor.post("/sites/shop/releases", release)).status).toBe(403);
  const { number } = await w.release("Spring", ["/"]);
  expect((await contributor.post("/sites/shop/promotions", { release: number, to: "demo" })).status).toBe(403);
});

test("an unknown call is not found, with and without a token", async () => {
  const ci = await machine(w, "contributor");
  for (const path of ["/api", "/api/", "/api/v2/sites", "/api/v1", "/api/v1/nothing"]) {
    const response = await request(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ status: 404, detail: "API call not found." });
  }
  for (const path of ["/sites/shop", "/sites/shop/nothing", "/sites/shop/releases/1/nothing"])
    expect((await ci.get(path)).status).toBe(404);
  for (const method of ["PUT", "PATCH", "DELETE"])
    expect((await ci.send("/sites/shop/releases", { method })).status).toBe(404);
});

test("a client that is not a browser needs no origin, and no body if all fields are optional", async () => {
  await w.record("beta", ["/ v1"]);
  const { number } = await w.ask((await w.release("Spring", ["/"])).number, "demo");
  const manager = await machine(w, "account-manager");
  const refused = await manager.send(`/sites/shop/promotions/${number}/completion`, { method: "POST" });
  expect(refused.status).toBe(409);
  expect(refused.body).toMatchObject({ code: "blocked", blockers: [{ code: "approvals_missing" }] });
});

test("while the database is unavailable a client gets 503, and when to try again", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  const db = openDatabase("postgres://nobody@127.0.0.1:1/nothing");
  const app = createApp(db, { baseUrl: "http://sitebook.test" });
  const response = await app.request("http://sitebook.test/api/v1/sites", { headers: { authorization: "Bearer x" } });
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("10");
  expect(await response.json()).toMatchObject({
    detail: "The database does not answer at the moment. Try again shortly.",
  });
  const ready = await app.request("http://sitebook.test/readyz");
  expect([ready.status, ready.headers.get("retry-after")]).toEqual([503, "10"]);
  expect(log).toHaveBeenCalledWith(expect.stringContaining("ECONNREFUSED"));
  log.mockRestore();
  await db.destroy();
});

test("a database that closes the connection fails one request, and not the server", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  using database = await closingDatabase();
  const db = openDatabase(`postgres://nobody@127.0.0.1:${database.port}/nothing`);
  const app = createApp(db, { baseUrl: "http://sitebook.test" });
  for (const _request of ["first", "second"]) {
    const response = await app.request("http://sitebook.test/api/v1/sites", { headers: { authorization: "Bearer x" } });
    expect(response.status).toBe(503);
  }
  expect(log).toHaveBeenCalledWith(
    expect.stringMatching(/^\S+Z The database does not answer: Connection terminated unexpectedly$/),
  );
  log.mockRestore();
  await db.destroy();
});

/** A server that accepts connections as PostgreSQL does, and closes each at its first query. */
async function closingDatabase() {
  const welcome = Buffer.from("R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I", "latin1"); // AuthenticationOk, ReadyForQuery
  const server = createServer((socket) => {
    socket.once("data", () => {
      socket.write(welcome);
      socket.once("data", () => socket.end());
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { port: number };
  return { port, [Symbol.dispose]: () => void server.close() };
}

test("an invalid token costs one query, and one that is too long none", async () => {
  const [db, queries] = watchQueries(w.db);
  const app = createApp(db, { baseUrl: "http://sitebook.test" });
  const status = async (token: string) => {
    const init = { method: "POST", body: "{", headers: { authorization: `Bearer ${token}` } };
    return (await app.request("http://sitebook.test/api/v1/sites/shop/releases", init)).status;
  };
  expect(await status("x".repeat(201))).toBe(401);
  expect(queries).toEqual([]);
  expect(await status("sb_none")).toBe(401);
  expect(queries).toHaveLength(1);
});

test("a large body is read only with a valid token", async () => {
  const body = "x".repeat(11 * 1024 * 1024);
  const ci = await machine(w, "contributor");
  const init = { method: "POST", body, headers: { "content-type": "application/json" } };
  expect((await ci.send("/sites/shop/releases", init)).status).toBe(413);
  expect((await w.app.request("http://sitebook.test/api/v1/sites/shop/releases", init)).status).toBe(401);
});
