import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isDiskFull } from "../src/database/errors.ts";
import { verify } from "../src/integrity/verify.ts";
import { commandLine } from "./support/command-line.ts";
import { everything } from "./support/everything.ts";
import { folder } from "./support/folder.ts";
import { type Fillable, full, tight } from "./support/full-disks.ts";
import { starting } from "./support/serving.ts";
import { password, type World, world } from "./support/world.ts";

const disks = { ...tight(), ...full() };

let disk: Fillable;
let w: World;
beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await w.close();
});

/** A shop with an open promotion, on a disk that can be filled. */
async function shopOn(createDisk: (() => Promise<Fillable>) | undefined): Promise<void> {
  if (!createDisk) throw new Error("there is no such disk");
  disk = await createDisk();
  w = await world(Promise.resolve(disk));
  await w.record("beta", ["/sale v1", "checkout 3.4.1"]);
  await w.ask((await w.release("Sale")).number, "demo");
}

const keys = Array.from({ length: 50 }, (_, i) => `/page-${i}`);
const body = (version: string) => ({ placements: keys.map((key) => ({ kind: "page", key, version })) });
const form = (version: string) => ({
  environment: "beta",
  lines: keys.map((key) => `page ${key} ${version}`).join("\n"),
});
const deployments = "/sites/shop/environments/beta/deployments";

/** Records v1, v2, … until one is refused. Returns the refusal, and the database's rows just before it. */
async function untilRefused(record: (version: string) => Response | Promise<Response>) {
  for (let i = 1; ; i++) {
    const [version, before] = [`v${i}`, await everything(w.db)];
    const answer = await record(version);
    if (answer.status > 303) return { answer, version, before };
  }
}

const verifies = async () => "head" in (await verify(w.db, w.site.id));

describe.each(Object.keys(disks) as (keyof typeof disks)[])("with %s", (name) => {
  beforeEach(() => shopOn(disks[name]));

  test("a call is refused with 507, leaves nothing behind, and can be repeated once there is space", async () => {
    const machine = await w.token("contributor");
    const record = (version: string) => machine.post(deployments, body(version), { "idempotency-key": version });
    await disk.fill();

    const { answer, version, before } = await untilRefused(record);
    expect(answer.status).toBe(507);
    expect(answer.headers.get("retry-after")).toBe("60");
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer.json()).toMatchObject({
      title: "Insufficient storage",
      detail: expect.stringContaining("The disk is full, so nothing was recorded."),
    });
    expect(await everything(w.db)).toEqual(before);
    expect(await verifies()).toBe(true);
    expect((await machine.get("/sites/shop/environments/beta/placements")).status).toBe(200);

    await disk.free();
    expect((await record(version)).status).toBe(201);
    expect(await verifies()).toBe(true);
  });

  test("a form is refused with a page, reading still works, and recording works again once there is space", async () => {
    const cleo = w.as("cleo");
    await cleo.get("/sites/shop");
    await disk.fill();

    const { answer, before } = await untilRefused((version) => cleo.post("/sites/shop/deployments", form(version)));
    expect(answer.status).toBe(507);
    expect(answer.headers.get("retry-after")).toBe("60");
    expect(await answer.text()).toContain("<h1>Disk full</h1>");
    expect(await everything(w.db)).toEqual(before);
    for (const path of ["", "/history", "/environments/beta", "/promotions/1", "/search?q=sale", "/deployments/1"])
      expect((await cleo.get(`/sites/shop${path}`)).status, path).toBe(200);

    await disk.free();
    expect((await cleo.post("/sites/shop/deployments", form("v0"))).status).toBe(303);
    expect(await verifies()).toBe(true);
  });

  test("a transaction that fails says that the disk is full, and none of it is kept", async () => {
    const failure = { email: "", address: "x".repeat(1000), browser: "", at: w.clock.at };
    await disk.fill();

    const filling = w.db.transaction().execute(async (trx) => {
      for (let i = 0; ; i++)
        await trx
          .insertInto("sign_in_failures")
          .values({ id: `${i}`, ...failure })
          .execute();
    });

    await expect(filling).rejects.toSatisfy(isDiskFull);
    expect(await w.db.selectFrom("sign_in_failures").selectAll().execute()).toEqual([]);
  });
});

describe.each(Object.keys(full()))("with %s", (name) => {
  beforeEach(() => shopOn(full()[name]));

  test("people who are signed in can read, and those who sign out are signed out, though neither can be saved", async () => {
    const [vera, mara] = [w.as("vera"), w.as("mara")];
    for (const person of [vera, mara]) await person.get("/sites/shop");
    await disk.fill();
    w.clock.at = "2026-03-03T11:00:00.000Z";

    expect((await vera.get("/sites/shop")).status).toBe(200);
    expect((await vera.post("/account/name", { name: "Verena" })).status).toBe(507);
    expect((await vera.post("/sign-in", { email: "mara@example.test", password })).status).toBe(507);
    expect((await vera.get("/sites/shop")).status).toBe(200);
    expect((await vera.post("/sign-out")).status).toBe(507);
    expect((await vera.get("/sites/shop")).status).toBe(303);
    expect((await mara.post("/sign-out", { everywhere: "yes" })).status).toBe(507);
    expect((await mara.get("/sites/shop")).status).toBe(303);

    await disk.free();
    expect((await vera.post("/sign-in", { email: "vera@example.test", password })).status).toBe(303);
    expect((await vera.get("/sites/shop")).status).toBe(200);
  });

  test("an approval, a tick, a token and a checkpoint are saved whole or not at all", async () => {
    const { digest } = await w.db.selectFrom("promotions").select("digest").executeTakeFirstOrThrow();
    const { artifact_id } = await w.db.selectFrom("release_contents").select("artifact_id").executeTakeFirstOrThrow();
    const [theo, iris] = [w.as("theo"), w.as("iris")];
    for (const person of [theo, iris]) await person.get("/sites/shop");
    const acts = [
      () => theo.post("/sites/shop/promotions/1/looks", { shown: artifact_id, looked: artifact_id }),
      () => theo.post("/sites/shop/promotions/1/approvals", { decision: "approve", digest, anyway: "1" }),
      () => iris.post("/sites/shop/settings/tokens", { name: "CI", roles: "contributor" }),
      () => iris.post("/sites/shop/history/checkpoints"),
    ];
    const before = await everything(w.db);
    await disk.fill();

    for (const act of acts) expect((await act()).status).toBe(507);
    expect(await everything(w.db)).toEqual(before);

    await disk.free();
    for (const act of acts) expect((await act()).status).toBeLessThan(400);
    expect(await verifies()).toBe(true);
  });
});

/** The disks that another process can reach. */
const real = Object.keys(disks).filter((name) => name.startsWith("a full "));

describe.each(real)("with %s under a server", (name) => {
  beforeEach(() => shopOn(disks[name]));

  test("it can still read, after a restart too, can be backed up elsewhere, and writes again once there is space", async () => {
    const env = { DATABASE_URL: disk.url as string };
    const headers = { authorization: `Bearer ${(await w.token("contributor")).secret}` };
    const record = (address: string) => async (version: string) =>
      fetch(`${address}/api/v1${deployments}`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(body(version)),
      });
    const read = async (address: string) => (await fetch(`${address}/api/v1/sites`, { headers })).status;
    const sitebook = commandLine({ env });
    {
      await using server = starting(env);
      const address = await server.url();
      await disk.fill();
      const { answer } = await untilRefused(record(address));
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([507, "60"]);
      expect(await read(address)).toBe(200);
      await server.printedLine("No space is left for the database");
    }
    await using again = starting(env);
    const address = await again.url();
    expect(await read(address)).toBe(200);
    expect((await sitebook(["verify"])).code).toBe(0);
    await using dir = await folder();
    expect((await sitebook(["backup", `${dir.path}/book.db`])).code).toBe(0);
    expect((await untilRefused(record(address))).answer.status).toBe(507);
    await disk.free();
    expect((await record(address)("v0")).status).toBe(201);
    expect((await sitebook(["verify"])).code).toBe(0);
  });

  test("the command line says so in a sentence", async () => {
    const sitebook = commandLine({ env: { DATABASE_URL: disk.url as string } });
    await disk.fill();

    for (let i = 1; ; i++) {
      const words = ["token", "create", "--name", `CI ${i}`, "--site", "shop", "--role", "contributor"];
      const { code, err } = await sitebook(words);
      if (code === 0) continue;
      expect([code, err]).toEqual([2, "The disk is full, so nothing was recorded.\n"]);
      break;
    }
  });
});
