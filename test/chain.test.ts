import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { canonicalJson, type Json } from "../src/database/canonical-json.ts";
import { openDatabase } from "../src/database/connect.ts";
import { recordDeployment } from "../src/deployments/record.ts";
import { verify } from "../src/integrity/verify.ts";
import { walkChain } from "../src/record/chain.ts";
import { changeSite, createSite } from "../src/sites/sites.ts";
import { freshDatabaseUrl } from "./support/database.ts";
import { everyVerb } from "./support/every-verb.ts";
import { environmentOf, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

describe("canonical JSON", () => {
  test("the example of RFC 8785, section 3.2.3: members in the order of UTF-16 code units", () => {
    const value = {
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis",
    };
    const values = ["Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign"];
    expect([...canonicalJson(value).matchAll(/"([A-Z][^"]+)"/g)].map(([, value]) => value)).toEqual([
      ...values,
      "Emoji: Grinning Face",
      "Hebrew Letter Dalet With Dagesh",
    ]);
  });

  test("the example of RFC 8785, section 3.2.2: numbers, literals and escapes", () => {
    const value = {
      numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000f\nA\'B"\\\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test.for<[number, string]>([
    [0, "0"],
    [-0, "0"],
    [5e-324, "5e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [9007199254740992, "9007199254740992"],
    [295147905179352830000, "295147905179352830000"],
    [9.999999999999997e22, "9.999999999999997e+22"],
    [1e21, "1e+21"],
    [0.000001, "0.000001"],
    [1e-7, "1e-7"],
  ])("the number %d of appendix B", ([number, written]) => {
    expect(canonicalJson(number)).toBe(written);
  });

  test("undefined members are left out, and there is no white space", () => {
    expect(canonicalJson({ b: undefined, a: [{ d: 1, c: {} }] } as Json)).toBe('{"a":[{"c":{},"d":1}]}');
  });
});

test("a client can check the chain with the events of the API", async () => {
  await everyVerb(w);
  const machine = await w.token("viewer");
  type Page = { items: { entry: { seq: number }; previous_hash: string; hash: string }[]; next: string | null };
  let [last, count, next] = ["", 0, ""];
  do {
    const page = (await (await machine.get(`/sites/shop/events?limit=7${next && `&cursor=${next}`}`)).json()) as Page;
    for (const { entry, previous_hash, hash } of page.items) {
      count += 1;
      expect(entry.seq).toBe(count);
      expect(previous_hash).toBe(last);
      last = createHash("sha256")
        .update(last + canonicalJson(entry as unknown as Json))
        .digest("hex");
      expect(hash).toBe(last);
    }
    next = page.next ?? "";
  } while (next);
  expect(await (await machine.get("/sites/shop/events/head")).json()).toEqual({ events: count, head: last });
  const rest = (await (await machine.get(`/sites/shop/events?after=${count - 2}`)).json()) as Page;
  expect(rest.items.map(({ entry }) => entry.seq)).toEqual([count - 1, count]);
  expect((await machine.get("/sites/shop/events?after=-1")).status).toBe(422);
  expect((await machine.get("/sites/elsewhere/events")).status).toBe(404);
});

test("no event contains a secret or an e-mail address", async () => {
  await everyVerb(w);
  const rows = await w.db.selectFrom("events").select("details").execute();
  const tokens = await w.db.selectFrom("tokens").select("hash").execute();
  for (const { details } of rows) {
    expect(details).not.toMatch(/@example\.test|argon2/);
    for (const { hash } of tokens) expect(details).not.toContain(hash);
  }
});

test("several writers at the same moment write one chain without a gap", async () => {
  const { url, drop } = await freshDatabaseUrl();
  const writers = [openDatabase(url), openDatabase(url), openDatabase(url)];
  const [db] = writers as [World["db"]];
  const { site, actor } = await shopOn(db);
  const work = Array.from({ length: 30 }, (_, i) => {
    const writer = writers[i % 3] as World["db"];
    if (i % 5 === 4) return () => changeSite(writer, actor, site, { name: `Shop ${i}`, time_zone: "UTC" });
    const placements = [{ kind: "page" as const, key: `/page/${i % 4}`, version: `v${i}` }];
    return () => recordDeployment(writer, actor, site, environmentOf(site, "beta"), { placements });
  });
  await Promise.all(work.map((write) => write()));
  const seqs: number[] = [];
  for await (const row of walkChain(db, site.id)) seqs.push(row.seq);
  expect(seqs).toEqual(seqs.map((_, i) => i + 1));
  expect(await verify(db, site.id)).toMatchObject({ events: seqs.length });
  await Promise.all(writers.map((writer) => writer.destroy()));
  await drop();
});

async function shopOn(db: World["db"]) {
  const person = { ...w.people.iris, email: "ida@example.test" };
  await db
    .insertInto("people")
    .values({ ...person, password: null, created_at: w.clock.at })
    .execute();
  const permissions = new Set(["view", "record", "administer"] as const);
  const actor = { person, roles: [], permissions, at: w.clock.at };
  return { site: await createSite(db, actor, { slug: "busy", name: "Busy" }), actor };
}

test("verify checks one moment while others write", async () => {
  const { url, drop } = await freshDatabaseUrl();
  const [reader, writer] = [openDatabase(url), openDatabase(url)];
  const { site, actor } = await shopOn(writer);
  const before = await writer.selectFrom("sites").select("events").executeTakeFirstOrThrow();
  let wrote: Promise<unknown> | undefined;
  const verdict = await verify(reader, site.id, {
    onProgress: () => {
      wrote ??= recordDeployment(writer, actor, site, environmentOf(site, "beta"), {
        placements: [{ kind: "page", key: "/meanwhile", version: "v1" }],
      });
    },
  });
  await wrote;
  expect(verdict).toMatchObject(before);
  expect(await verify(reader, site.id)).toMatchObject({ events: before.events + 1 });
  await Promise.all([reader.destroy(), writer.destroy()]);
  await drop();
});
