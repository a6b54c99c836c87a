import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isPostgres } from "../src/database/connect.ts";
import { recordDeployment } from "../src/deployments/record.ts";
import { createExample } from "../src/example/example.ts";
import { verify } from "../src/integrity/verify.ts";
import { chainEntry, hashEntry, walkChain } from "../src/record/chain.ts";
import { actions } from "../src/record/events.ts";
import { everyVerb } from "./support/every-verb.ts";
import { seeded, shuffled } from "./support/seeded.ts";
import { eventOf, unguard } from "./support/tampering.ts";
import { environmentOf, lived, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

/** A shop in which every action was taken, whose database lets its record be changed by hand. */
const busyShop = lived(async (w) => {
  await everyVerb(w);
  for (const table of ["events", "placements", "approvals", "deployments", "completions", "release_contents"])
    await unguard(w.db, table);
  for (const table of ["confirmations", "repeats", "gates", "cancellations"]) await unguard(w.db, table);
});

/** Leaves the empty shop for this one. */
async function enter(shop: () => Promise<World>): Promise<void> {
  await w.close();
  w = await shop();
}

type Pair = [key: string, version: string | null];

/** The first fault that verify finds. */
const firstFault = async () => {
  const result = await verify(w.db, w.site.id);
  return "break" in result ? result.break : undefined;
};

test("a shop in which every action was taken verifies", async () => {
  await enter(busyShop);
  const site = await w.db.selectFrom("sites").select(["events", "head"]).where("slug", "=", "shop").executeTakeFirst();
  expect(await verify(w.db, w.site.id)).toEqual(site);
  const done = new Set(
    (await w.db.selectFrom("events").select("action").distinct().execute()).map((event) => event.action),
  );
  expect(actions.filter((action) => !done.has(action))).toEqual([]);
  for (const table of ["repeats", "confirmations", "cancellations", "completions"] as const)
    expect((await w.db.selectFrom(table).selectAll().execute()).length, table).toBeGreaterThan(0);
});

test("the example shop verifies", async () => {
  const { slug } = await createExample(w.db, await w.by("iris"));
  const { id } = await w.db.selectFrom("sites").select("id").where("slug", "=", slug).executeTakeFirstOrThrow();
  expect(await verify(w.db, id)).toEqual({ events: expect.any(Number), head: expect.any(String) });
});

test("three months of a real site, recorded in any order, verifies", async () => {
  const file = await readFile(new URL("support/real-history.jsonl.gz", import.meta.url));
  const deployments = gunzipSync(file).toString().trim().split("\n").slice(0, 100);
  const cleo = await w.by("cleo");
  for (const line of shuffled(deployments, seeded(3))) {
    const { at, pages, software } = JSON.parse(line) as Record<"pages" | "software", Pair[]> & { at: string };
    const placements = [
      ...pages.map(([key, version]) => ({ kind: "page" as const, key, version })),
      ...software.map(([key, version]) => ({ kind: "software" as const, key, version })),
    ];
    await recordDeployment(w.db, cleo, w.site, environmentOf(w.site, "beta"), { effective_at: at, placements });
  }
  expect(await verify(w.db, w.site.id)).toEqual({ events: expect.any(Number), head: expect.any(String) });
});

test("verify reports its progress after each event", async () => {
  await enter(busyShop);
  const steps: number[] = [];
  const result = await verify(w.db, w.site.id, { onProgress: (done) => steps.push(done) });
  expect(steps).toEqual("events" in result && Array.from({ length: result.events }, (_, i) => i + 1));
});

test("each site has a chain of its own", async () => {
  await enter(busyShop);
  const other = await w.db.selectFrom("sites").select("id").where("slug", "=", "elsewhere").executeTakeFirstOrThrow();
  await w.db.updateTable("sites").set({ head: "0" }).where("id", "=", w.site.id).execute();
  expect(await firstFault()).toMatchObject({ what: expect.stringContaining("head") });
  expect(await verify(w.db, other.id)).toHaveProperty("head");
});

describe("verify finds what was changed by hand in the database:", () => {
  beforeEach(() => enter(busyShop));

  test("one bit of an event's details", async () => {
    const seq = await eventOf(w.db, w.site.id, "deployment_recorded", "deployment 3");
    const { details } = await event(seq);
    await change(seq, { details: details.replace('"v2"', '"v3"') });
    expect(await firstFault()).toEqual({
      seq,
      what: `Event ${seq} is not what was recorded: its content does not give its hash.`,
    });
    await change(seq, { details: details.slice(1) });
    expect(await firstFault()).toMatchObject({ seq });
    await change(seq, { details: ` ${details}` });
    expect(await firstFault()).toMatchObject({ seq });
  });

  test("who did something, and when", async () => {
    const seq = await eventOf(w.db, w.site.id, "promotion_approved");
    const { person_id, recorded_at } = await event(seq);
    await change(seq, { person_id: w.people.ada.id });
    expect(await firstFault()).toMatchObject({ seq });
    await change(seq, { person_id, recorded_at: "2026-03-03T10:00:00.001Z" });
    expect(await firstFault()).toMatchObject({ seq });
    await change(seq, { recorded_at });
    expect(await firstFault()).toBeUndefined();
  });

  test("an event deleted, in the middle or at the end", async () => {
    const { events } = await w.db
      .selectFrom("sites")
      .select("events")
      .where("id", "=", w.site.id)
      .executeTakeFirstOrThrow();
    await w.db.deleteFrom("events").where("site_id", "=", w.site.id).where("seq", "=", events).execute();
    expect(await firstFault()).toEqual({
      seq: events,
      what: `Event ${events} is missing: the site has ${events} events.`,
    });
    await w.db.deleteFrom("events").where("site_id", "=", w.site.id).where("seq", "=", 9).execute();
    expect(await firstFault()).toEqual({ seq: 9, what: "Event 9 is missing: event 10 comes after event 8." });
  });

  test("two events swapped", async () => {
    const siteEvents = w.db.updateTable("events").where("site_id", "=", w.site.id);
    await siteEvents.set({ seq: -1 }).where("seq", "=", 12).execute();
    await siteEvents.set({ seq: 12 }).where("seq", "=", 13).execute();
    await siteEvents.set({ seq: 13 }).where("seq", "=", -1).execute();
    expect(await firstFault()).toEqual({
      seq: 12,
      what: "Event 12 does not follow from event 11: its previous hash is different.",
    });
  });

  test("a decision reversed", async () => {
    const seq = await eventOf(w.db, w.site.id, "promotion_rejected");
    await w.db.updateTable("approvals").set({ decision: "approve" }).where("decision", "=", "reject").execute();
    expect(await firstFault()).toEqual({
      seq,
      what: `promotion 2: decision of the decision of a tester on it is "approve" in the database, and "reject" in the event.`,
    });
  });

  test("a decision added, and one removed", async () => {
    const approval = await w.db
      .selectFrom("approvals as a")
      .innerJoin("promotions as p", "p.id", "a.promotion_id")
      .selectAll("a")
      .where("p.number", "=", 4)
      .executeTakeFirstOrThrow();
    await w.db
      .insertInto("approvals")
      .values({ ...approval, id: "forged", person_id: w.people.vera.id })
      .execute();
    expect(await firstFault()).toMatchObject({
      what: "No event records the decision on promotion 4, which is in the database.",
    });
    await w.db.deleteFrom("approvals").where("id", "in", ["forged", approval.id]).execute();
    expect(await firstFault()).toEqual({
      seq: await eventOf(w.db, w.site.id, "promotion_approved", "promotion 4"),
      what: "promotion 4: the event records the decision of a tester on it, which is missing from the database.",
    });
  });

  test("a placement added, after the last or between two", async () => {
    const rows = await w.db.selectFrom("placements").selectAll().orderBy("seq").execute();
    const last = rows.at(-1);
    if (!last) throw new Error("there are no placements");
    const { seq: _, ...row } = last;
    const { seq } = await w.db.insertInto("placements").values(row).returning("seq").executeTakeFirstOrThrow();
    expect((await firstFault())?.what).toMatch(
      new RegExp(`^No event records placement ${seq} of \\S+ on \\w+, which is in the database\\.$`),
    );
    await w.db.deleteFrom("placements").where("seq", "=", seq).execute();
    const overriding = isPostgres(w.db) ? sql`overriding system value` : sql``;
    const columns = Object.keys(row).map((name) => sql.ref(name));
    await sql`insert into placements (seq, ${sql.join(columns)}) ${overriding} values (0, ${sql.join(Object.values(row))})`.execute(
      w.db,
    );
    expect(await firstFault()).toEqual({
      seq: await eventOf(w.db, w.site.id, "deployment_recorded"),
      what: expect.stringMatching(/^deployment 1: placement 0 of \S+ is in the database, but not in the event\.$/),
    });
  });

  test("a placement changed", async () => {
    const seq = await eventOf(w.db, w.site.id, "deployment_recorded", "deployment 1");
    const rows = await w.db.selectFrom("placements").selectAll().orderBy("seq").execute();
    const [first, second] = rows;
    await w.db
      .updateTable("placements")
      .set({ version_id: second?.version_id ?? null })
      .where("seq", "=", first?.seq ?? 0)
      .execute();
    expect(await firstFault()).toMatchObject({
      seq,
      what: expect.stringMatching(
        /^deployment 1: version of placement \d+ of \/sale is "of another artifact" in the database, and "v1" in the event\.$/,
      ),
    });
  });

  test("the pointer to a current version", async () => {
    const demo = environmentOf(w.site, "demo").id;
    await w.db
      .updateTable("current_placements")
      .set({ placement_seq: 1 })
      .where("environment_id", "=", demo)
      .where("artifact_id", "in", w.db.selectFrom("artifacts").select("id").where("key", "=", "/sale"))
      .execute();
    expect((await firstFault())?.what).toMatch(
      /^The current version of \/sale on \w+ is from placement 1, and by the events from placement \d+\.$/,
    );
    await w.db.deleteFrom("current_placements").where("environment_id", "=", demo).execute();
    expect((await firstFault())?.what).toMatch(/is from no placement/);
  });

  test("an open promotion marked as closed", async () => {
    await w.db.deleteFrom("open_promotions").execute();
    expect((await firstFault())?.what).toMatch(/^Promotion \d is closed in the database, and open by the events\.$/);
  });

  const changes: [string, () => Promise<unknown>, RegExp][] = [
    [
      "a release's contents",
      () => w.db.deleteFrom("release_contents").execute(),
      /^release 1: the event records the page \/sale in it/,
    ],
    [
      "a release's version",
      () => w.db.updateTable("release_contents").set({ version_id: null }).execute(),
      /^release 1: version of the .* is nothing in the database/,
    ],
    [
      "a deployment's note",
      () => w.db.updateTable("deployments").set({ note: "Nothing to see" }).where("number", "=", 4).execute(),
      /^deployment 4: note of deployment 4 is "Nothing to see" in the database, and nothing in the event/,
    ],
    [
      "a gate's rules",
      () => w.db.updateTable("gates").set({ rules: '{"requirements":[],"asker_may_approve":true}' }).execute(),
      /^environment demo: rules of the gate/,
    ],
    [
      "a version's label",
      () => w.db.updateTable("versions").set({ label: "v77" }).where("label", "=", "v1").execute(),
      /^deployment 1: version of \/sale v1 is "v77" in the database/,
    ],
    [
      "a digest added",
      () => w.db.updateTable("versions").set({ digest: "sha256:0" }).where("label", "=", "v9").execute(),
      /digests of 3 versions, and the events record 2\./,
    ],
    [
      "a page renamed",
      () => w.db.updateTable("artifacts").set({ key: "/sales" }).where("key", "=", "/sale").execute(),
      /^deployment 1: key of the page \/sale is "\/sales" in the database/,
    ],
    [
      "a confirmation removed",
      () => w.db.deleteFrom("confirmations").execute(),
      /the event records the confirmation of/,
    ],
    [
      "a repetition removed",
      () => w.db.deleteFrom("repeats").execute(),
      /^deployment 2: the confirmation of \/terms is in the database, but not in the event\.$/,
    ],
    [
      "a repetition added",
      () => addRow("repeats"),
      /^deployment 1: the repetition of placement \d+ is in the database, but not in the event/,
    ],
    [
      "a confirmation added",
      () => addRow("confirmations"),
      /^deployment 1: the confirmation of .* is in the database, but not in the event/,
    ],
    [
      "a completion",
      () => w.db.deleteFrom("completions").execute(),
      /^promotion 4: the event records the completion, which/,
    ],
    [
      "a cancellation's reason",
      () => w.db.updateTable("cancellations").set({ reason: "Because" }).execute(),
      /^promotion 1: reason of the cancellation is "Because" in the database/,
    ],
  ];
  test.for(changes)("%s", async ([, change, sentence]) => {
    await change();
    expect((await firstFault())?.what).toMatch(sentence);
  });
});

test("a chain that was recomputed in full verifies, and only a checkpoint shows that it was rewritten", async () => {
  await enter(busyShop);
  const { events, head } = await w.db
    .selectFrom("sites")
    .select(["events", "head"])
    .where("id", "=", w.site.id)
    .executeTakeFirstOrThrow();
  await w.record("beta", ["/more v1"]);
  await w.db.updateTable("cancellations").set({ reason: "Rewritten" }).where("reason", "=", "Too early").execute();
  await recompute((details) => details.replace("Too early", "Rewritten"));
  expect(await firstFault()).toBeUndefined();
  const seq = events;
  expect(await verify(w.db, w.site.id, { checkpoint: { events, head } })).toEqual({
    break: {
      seq,
      what: `The history up to event ${seq} is not the one that the checkpoint was signed for: it was rewritten.`,
    },
  });
});

function event(seq: number) {
  return w.db
    .selectFrom("events")
    .selectAll()
    .where("site_id", "=", w.site.id)
    .where("seq", "=", seq)
    .executeTakeFirstOrThrow();
}

function change(seq: number, to: { details?: string; person_id?: string; recorded_at?: string }) {
  return w.db.updateTable("events").set(to).where("site_id", "=", w.site.id).where("seq", "=", seq).execute();
}

/** Adds a confirmation of the first deployment's first line, or marks that line as a repetition. */
async function addRow(table: "repeats" | "confirmations"): Promise<void> {
  const first = w.db.selectFrom("placements").orderBy("seq").limit(1);
  if (table === "confirmations")
    await w.db
      .insertInto(table)
      .expression(
        first.select([
          "deployment_id",
          "environment_id",
          "artifact_id",
          "version_id",
          "promotion_id",
          "out_of_band",
          "effective_at",
          "recorded_at",
        ]),
      )
      .execute();
  else {
    const { seq, deployment_id, recorded_at } = await first.selectAll().executeTakeFirstOrThrow();
    await w.db.insertInto(table).values({ placement_seq: seq, deployment_id, recorded_at }).execute();
  }
}

/** Changes the details of events and recomputes all hashes. */
async function recompute(changeDetails: (details: string) => string): Promise<void> {
  let previous_hash = "";
  for await (const row of walkChain(w.db, w.site.id)) {
    const details = changeDetails(row.details);
    const hash = hashEntry(previous_hash, chainEntry({ ...row, details }));
    await w.db
      .updateTable("events")
      .set({ details, previous_hash, hash })
      .where("site_id", "=", w.site.id)
      .where("seq", "=", row.seq)
      .execute();
    previous_hash = hash;
  }
  await w.db.updateTable("sites").set({ head: previous_hash }).where("id", "=", w.site.id).execute();
}
