import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { setOwner } from "../src/artifacts/owners.ts";
import { correct } from "../src/corrections/corrections.ts";
import { isPostgres } from "../src/database/connect.ts";
import { endDelegation, setDelegation } from "../src/delegations/delegations.ts";
import { endFreeze, setFreeze } from "../src/freezes/freezes.ts";
import { runDueJobs } from "../src/jobs/worker.ts";
import { changeName } from "../src/people/account.ts";
import { completeWithoutGate, reviewForced } from "../src/promotions/break-glass.ts";
import { addComment } from "../src/promotions/comments.ts";
import { goLive } from "../src/promotions/go-live.ts";
import { decide } from "../src/promotions/promotions.ts";
import { schedulePromotion } from "../src/promotions/schedule.ts";
import { noPlan } from "../src/promotions/schedule-rules.ts";
import { markAsBad } from "../src/releases/bad-releases.ts";
import { environmentOf, lived, type World } from "./support/world.ts";

let w: World;
/** A shop with at least one row in each of these tables. */
const shop = lived(async (w) => {
  await w.record("beta", ["/sale v1", "/old v1"]);
  await w.record("beta", ["/sale v2", "/old v1"]);
  const { number } = await w.release("Sale");
  await w.promote(number, "demo");
  await markAsBad(w.db, await w.by("theo"), w.site, 1, "Wrong prices");
  const requested = await w.ask((await w.release("Sale again", ["/sale"], "demo")).number, "live");
  expect(requested.state).toBe("waiting");
  await completeWithoutGate(w.db, await w.by("iris"), w.site, requested.number, { reason: "Now" });
  await reviewForced(w.db, await w.by("mara"), w.site, requested.number, undefined);
  const { digest } = await w.ask((await w.release("Old", ["/old"], "demo")).number, "live");
  const plan = { ...noPlan, go_live_at: "2026-03-03T11:00:00.000Z" };
  await schedulePromotion(w.db, await w.by("ada"), w.site, 3, plan);
  await runDueJobs(w.db, { go_live: goLive }, () => plan.go_live_at);
  const pages = [{ key: "/old", comment: "It is needed" }];
  await decide(w.db, await w.by("mara"), w.site, 3, { decision: "reject", digest, pages });
  const period = { role: "marketing", from_at: w.clock.at, until_at: "2026-03-09T00:00:00.000Z" };
  const mara = await w.by("mara");
  const { id } = await setDelegation(w.db, mara, w.site, { ...period, substitute: w.people.vera.id });
  await endDelegation(w.db, mara, w.site, id);
  await addComment(w.db, await w.by("mara"), w.site, 3, "Why?");
  await correct(w.db, await w.by("ada"), w.site, { deployment: 2, reason: "Wrong" });
  await setOwner(w.db, await w.by("ada"), w.site, { of: { kind: "page", key: "/sale" }, owner: w.people.vera.id });
  await setOwner(w.db, await w.by("ada"), w.site, { of: { section: "" }, owner: w.people.vera.id });
  const freeze = await setFreeze(w.db, await w.by("ada"), w.site, environmentOf(w.site, "demo"), { reason: "Audit" });
  await endFreeze(w.db, await w.by("ada"), w.site, freeze.number, "Done");
  await changeName(w.db, w.people.vera, "Vera Lind", w.clock.at);
});
beforeEach(async () => {
  w = await shop();
});
afterEach(() => w.close());

/** Each with a column that is not a key. */
const tables = [
  ["placements", "effective_at"],
  ["approvals", "decided_at"],
  ["events", "details"],
  ["corrections", "reason"],
  ["deployments", "note"],
  ["confirmations", "recorded_at"],
  ["releases", "name"],
  ["release_contents", "version_id"],
  ["release_marks", "reason"],
  ["gates", "rules"],
  ["promotions", "note"],
  ["schedules", "planned_at"],
  ["due_moments", "reason"],
  ["completions", "completed_at"],
  ["forced_completions", "reason"],
  ["forced_reviews", "comment"],
  ["ownerships", "seq"],
  ["section_owners", "seq"],
  ["former_names", "name"],
  ["freezes", "reason"],
  ["freeze_ends", "reason"],
  ["page_comments", "comment"],
  ["comments", "comment"],
  ["delegations", "until_at"],
  ["delegation_ends", "ended_at"],
] as const;

test.each(tables)("the database itself refuses to change or remove a row of %s", async (table, column) => {
  const before = await rows(table);
  expect(before.length).toBeGreaterThan(0);
  const [name, field] = [sql.table(table), sql.ref(column)];
  const attempts = isPostgres(w.db)
    ? [sql`truncate ${name} cascade`]
    : [sql`insert or replace into ${name} select * from ${name}`, sql`replace into ${name} select * from ${name}`];
  for (const attempt of [sql`update ${name} set ${field} = ${field}`, sql`delete from ${name}`, ...attempts])
    await expect(attempt.execute(w.db)).rejects.toThrow("is append-only");
  expect(await rows(table)).toEqual(before);
});

async function rows(table: (typeof tables)[number][0]): Promise<object[]> {
  return w.db.selectFrom(table).selectAll().execute();
}
