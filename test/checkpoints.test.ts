import { createHash, createPublicKey, verify as verifySignature } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase } from "../src/database/connect.ts";
import { publicKey, readCheckpoint, signAll, signChain } from "../src/integrity/checkpoints.ts";
import { openNote } from "../src/integrity/signed-notes.ts";
import { commandLine } from "./support/command-line.ts";
import { freshDatabaseUrl } from "./support/database.ts";
import { folder } from "./support/folder.ts";
import { unguard } from "./support/tampering.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

describe("signed notes", () => {
  // the example of https://c2sp.org/signed-note's reference implementation
  const vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  const note = `If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`;

  test("in the format of the reference implementation are read", () => {
    expect(openNote(note, vkey)).toBe(note.split("\n").slice(0, 2).join("\n").concat("\n"));
  });

  test("that were changed, or signed by another key, are refused", () => {
    expect(openNote(note.replace("answer", "question"), vkey)).toBeUndefined();
    expect(openNote(note.replace("— PeterNeumann", "— EnochRoot"), vkey)).toBeUndefined();
    expect(openNote(note, vkey.replace("ARpc", "ARpd"))).toBeUndefined();
    expect(openNote(note, "no key")).toBeUndefined();
    expect(openNote("", vkey)).toBeUndefined();
  });
});

test("a checkpoint has the site's name, the number of events and the head, and is signed", async () => {
  await w.record("beta", ["/sale v1"]);
  const { note, events, head, at } = await signChain(w.db, w.site, w.clock.at);
  const [, name = "", id, encoded = ""] = /^([^+]+)\+(.{8})\+(.+)$/.exec(await publicKey(w.db)) ?? [];
  const lines = note.split("\n");
  expect(lines.slice(0, 5)).toEqual([
    `${name}/shop`,
    String(events),
    Buffer.from(head, "hex").toString("base64"),
    `time ${w.clock.at}`,
    "",
  ]);
  expect(at).toBe(w.clock.at);
  const key = Buffer.from(encoded, "base64");
  expect(createHash("sha256").update(`${name}\n`).update(key).digest("hex").slice(0, 8)).toBe(id);
  const signature = Buffer.from(lines[5]?.split(" ")[2] ?? "", "base64");
  expect(signature.subarray(0, 4).toString("hex")).toBe(id);
  const jwk = { kty: "OKP", crv: "Ed25519", x: key.subarray(1).toString("base64url") };
  const text = Buffer.from(`${lines.slice(0, 4).join("\n")}\n`);
  expect(verifySignature(null, text, createPublicKey({ key: jwk, format: "jwk" }), signature.subarray(4))).toBe(true);
});

test("without new events the last checkpoint is returned again; with new events there is another", async () => {
  const first = await signChain(w.db, w.site, w.clock.at);
  w.clock.at = "2026-03-03T11:00:00.000Z";
  await signAll(w.db, w.clock.at);
  expect(await signChain(w.db, w.site, w.clock.at)).toEqual(first);
  await w.record("beta", ["/sale v1"]);
  await signAll(w.db, w.clock.at);
  const stored = await w.db.selectFrom("checkpoints").select("events").where("site_id", "=", w.site.id).execute();
  expect(new Set(stored.map((row) => row.events))).toEqual(new Set([first.events, first.events + 1]));
  await expect(w.db.deleteFrom("checkpoints").execute()).rejects.toThrow("append-only");
  await expect(w.db.updateTable("keys").set({ private_key: "" }).execute()).rejects.toThrow("append-only");
});

test("several first requests at once get the same key", async () => {
  const keys = await Promise.all([publicKey(w.db), publicKey(w.db), publicKey(w.db)]);
  expect(new Set(keys).size).toBe(1);
});

test("a history that differs from the last checkpoint is not signed", async () => {
  const { events } = await signChain(w.db, w.site, w.clock.at);
  await w.record("beta", ["/sale v1"]);
  await unguard(w.db, "events");
  await w.db
    .updateTable("events")
    .set({ hash: "0" })
    .where("site_id", "=", w.site.id)
    .where("seq", "=", events)
    .execute();
  await expect(signChain(w.db, w.site, w.clock.at)).rejects.toThrow(
    `The history up to event ${events} is not the one that was signed at 2026-03-03T10:00:00.000Z,`,
  );
});

test("a checkpoint of another site, or signed by another key, is refused", async () => {
  const { note } = await signChain(w.db, w.site, w.clock.at);
  expect(await readCheckpoint(w.db, w.site, note)).toMatchObject({ at: w.clock.at });
  await expect(readCheckpoint(w.db, { ...w.site, slug: "elsewhere" }, note)).rejects.toThrow("is for sitebook-");
  await expect(readCheckpoint(w.db, w.site, note.replace("\ntime 2026", "\ntime 2025"))).rejects.toThrow(
    "is not signed by",
  );
});

test("the history page shows the last checkpoint, and only administrators sign", async () => {
  const vera = w.as("vera");
  expect(await (await vera.get("/sites/shop/history")).text()).toContain("not signed yet");
  expect((await vera.get("/sites/shop/history/checkpoint")).status).toBe(404);
  expect((await vera.post("/sites/shop/history/checkpoints")).status).toBe(403);
  const iris = w.as("iris");
  expect(await (await iris.get("/sites/shop/history")).text()).toContain("Sign now");
  const page = await (await iris.submit("/sites/shop/history/checkpoints")).text();
  expect(page).toContain("History signed up to entry");
  expect(page).not.toContain("Sign now");
  const served = await vera.get("/sites/shop/history/checkpoint");
  expect(served.headers.get("content-type")).toMatch(/^text\/plain/);
  const note = await served.text();
  expect(openNote(note, await publicKey(w.db))).toBeTruthy();
  expect(await (await vera.get("/sites/shop/history")).text()).toContain(note.split("\n")[2]);
});

test("machines create and read checkpoints through the API", async () => {
  const [machine, viewer] = [await w.token("administrator"), await w.token("viewer")];
  expect((await viewer.get("/sites/shop/checkpoints/latest")).status).toBe(404);
  expect((await viewer.post("/sites/shop/checkpoints", {})).status).toBe(403);
  const created = await machine.post("/sites/shop/checkpoints", {});
  expect(created.status).toBe(201);
  const checkpoint = (await created.json()) as { note: string; key: string; events: number; head: string };
  expect(openNote(checkpoint.note, checkpoint.key)).toBeTruthy();
  expect(await (await viewer.get("/sites/shop/checkpoints/latest")).json()).toEqual(checkpoint);
  const { events, head } = checkpoint;
  expect(await (await viewer.get("/sites/shop/events/head")).json()).toEqual({ events, head });
});

describe("on the command line", () => {
  test("verify with a checkpoint finds a history that was rewritten", async () => {
    const { url, drop } = await freshDatabaseUrl();
    const sitebook = commandLine({ env: { DATABASE_URL: url }, stdin: "correct horse battery staple" });
    await sitebook(["setup", "--email", "ida@example.test", "--name", "Ida", "--site", "shop"]);
    await using dir = await folder();
    const file = `${dir.path}/checkpoint.txt`;
    const signed = await sitebook(["checkpoint"]);
    await writeFile(file, signed.out);
    expect(await sitebook(["verify", "--checkpoint", file])).toMatchObject({ code: 0, err: "" });
    const [{ key }] = JSON.parse((await sitebook(["checkpoint", "--json"])).out);
    expect(await sitebook(["verify", "--checkpoint", file, "--key", key])).toMatchObject({ code: 0 });
    const other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    expect(await sitebook(["verify", "--checkpoint", file, "--key", other])).toMatchObject({ code: 1 });
    expect(await sitebook(["verify", "--checkpoint", `${dir.path}/none`])).toMatchObject({ code: 2 });
    await shorten(url);
    expect(await sitebook(["verify"])).toMatchObject({ code: 1 });
    const result = await sitebook(["verify", "--checkpoint", file]);
    expect(result).toMatchObject({ code: 1, out: expect.stringContaining("The checkpoint was signed for") });
    await drop();
  });

  test("verify shows its progress and its result, and names the first mismatch", async () => {
    const { url, drop } = await freshDatabaseUrl();
    const sitebook = commandLine({ env: { DATABASE_URL: url }, stdin: "correct horse battery staple" });
    await sitebook(["setup", "--email", "ida@example.test", "--name", "Ida", "--site", "shop"]);
    const sound = await sitebook(["verify"], { interactive: true });
    expect(sound.code).toBe(0);
    expect(sound.out).toMatch(/^shop: \d+ events, and the record matches them\. The head is [0-9a-f]{64}\.\n$/);
    expect(sound.err).toContain("100 %");
    expect(await sitebook(["rebuild"])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^shop: the record was restored from/),
    });
    const db = openDatabase(url);
    await unguard(db, "gates");
    await db.updateTable("gates").set({ since: "2026-01-01T00:00:00.000Z" }).execute();
    const broken = await sitebook(["verify", "--json", "--site", "shop"]);
    expect(broken.code).toBe(1);
    expect(JSON.parse(broken.out)).toMatchObject([
      { site: "shop", break: { seq: 3, what: expect.stringContaining("gate") } },
    ]);
    expect((await sitebook(["rebuild"])).code).toBe(0);
    expect((await sitebook(["verify"])).code).toBe(0);
    expect((await sitebook(["verify", "--site", "nowhere"])).code).toBe(2);
    await db.destroy();
    await drop();
  });
});

/** Removes the last event, and all traces of it. */
async function shorten(url: string): Promise<void> {
  const db = openDatabase(url);
  await unguard(db, "events");
  const last = await db.selectFrom("events").selectAll().orderBy("seq", "desc").limit(1).executeTakeFirstOrThrow();
  await db.deleteFrom("events").where("seq", "=", last.seq).execute();
  await db
    .updateTable("sites")
    .set({ events: last.seq - 1, head: last.previous_hash })
    .execute();
  await unguard(db, "gates");
  await db
    .deleteFrom("gates")
    .where("environment_id", "=", last.environment_id ?? "")
    .execute();
  await db.destroy();
}
