import { gateDefaults } from "../../src/access/gates.ts";
import { createSecrets } from "../../src/access/secrets.ts";
import { findAccess, type Site } from "../../src/access/sites.ts";
import { systemActor } from "../../src/access/system.ts";
import { setOwner } from "../../src/artifacts/owners.ts";
import { correct } from "../../src/corrections/corrections.ts";
import { newId, sha256 } from "../../src/database/ids.ts";
import { siteTransaction } from "../../src/database/site-transaction.ts";
import { endDelegation, setDelegation } from "../../src/delegations/delegations.ts";
import { closeAccount } from "../../src/departures/close-account.ts";
import { recordDeployment } from "../../src/deployments/record.ts";
import { recordSameAs } from "../../src/deployments/same-as.ts";
import { changeEnvironment, retireEnvironment } from "../../src/environments/changes.ts";
import { addServer, createEnvironment, removeServer } from "../../src/environments/environments.ts";
import { createFeed, revokeFeed } from "../../src/feeds/feeds.ts";
import { acceptFinding, undoAcceptance } from "../../src/findings/accept.ts";
import { removeProbe, setHidden, setProbe } from "../../src/findings/checks.ts";
import { reconcileFindings } from "../../src/findings/findings.ts";
import { recordFinding } from "../../src/findings/record.ts";
import { endFreeze, setFreeze } from "../../src/freezes/freezes.ts";
import { changeGate } from "../../src/gates/gates.ts";
import { inviteGuest, revokeGuest } from "../../src/guests/guests.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { addMask, removeMask } from "../../src/observations/masks.ts";
import { changeName } from "../../src/people/account.ts";
import { changeRoles, invite, resetPassword } from "../../src/people/people.ts";
import { createToken, revokeToken } from "../../src/people/tokens.ts";
import { completeWithoutGate, reviewForced } from "../../src/promotions/break-glass.ts";
import { tickLine } from "../../src/promotions/checklist.ts";
import { addComment } from "../../src/promotions/comments.ts";
import { expireApprovals, expirePromotion } from "../../src/promotions/expiry.ts";
import { goLive } from "../../src/promotions/go-live.ts";
import { cancel, complete, decide, requestPromotion } from "../../src/promotions/promotions.ts";
import { dismissRejection } from "../../src/promotions/rejections.ts";
import { rollBack } from "../../src/promotions/rollback.ts";
import { schedulePromotion } from "../../src/promotions/schedule.ts";
import { noPlan } from "../../src/promotions/schedule-rules.ts";
import { takeDown } from "../../src/promotions/take-down.ts";
import { withdrawApproval } from "../../src/promotions/withdrawals.ts";
import { liftMark, markAsBad } from "../../src/releases/bad-releases.ts";
import { createRelease } from "../../src/releases/releases.ts";
import { changeRole, createRole, removeRole } from "../../src/roles/roles.ts";
import { changeSite } from "../../src/sites/sites.ts";
import { addMs } from "../../src/time/add.ts";
import { chooseReporter } from "../../src/visits/reporters.ts";
import { changeVisitSettings, scheduleVisits } from "../../src/visits/settings.ts";
import { visitDefaults } from "../../src/visits/settings-rules.ts";
import { changeWebhook } from "../../src/webhooks/change-webhook.ts";
import {
  createWebhook,
  disableWebhook,
  enableWebhook,
  removeWebhook,
  rotateSecret,
} from "../../src/webhooks/webhooks.ts";
import { setGate } from "./gates.ts";
import { administersAll } from "./sign-on.ts";
import { environmentOf, lived, type World } from "./world.ts";

/** Runs every verb on the shop: records late, twice and complete lists; approves, rejects, replaces and corrects. */
export async function everyVerb(w: World): Promise<void> {
  await verbsOfOneDay(w);
  await schedule(w);
  await expire(w);
  await inviteAndRevokeGuest(w);
  await changeRolesOfAllSites(w);
  await settleFindings(w);
}

/** A visit finds two pages that are not recorded: one is accepted for a while and then removed, the other is recorded. */
async function settleFindings(w: World): Promise<void> {
  const [ada, { id: environment_id, servers }] = [await w.by("ada"), environmentOf(w.site, "beta")];
  const about = { site_id: w.site.id, environment_id, server_id: servers[0]?.id ?? "" };
  const visit = await w.db
    .insertInto("visits")
    .values({ id: newId(), ...about, started_at: w.clock.at, ended_at: w.clock.at })
    .returningAll()
    .executeTakeFirstOrThrow();
  await w.record("beta", ["/known v1"]);
  for (const path of ["/found", "/passing", "/known"]) await seeOn(w, about.server_id, path);
  const reconcile = () =>
    siteTransaction(w.db, ada, w.site.id, (trx, actor) => reconcileFindings(trx, actor, visit, {}));
  await reconcile();
  const idOf = async (path: string) =>
    (
      await w.db
        .selectFrom("findings")
        .select("id")
        .where("path", "=", path)
        .where("code", "=", "unrecorded")
        .executeTakeFirstOrThrow()
    ).id;
  await acceptFinding(w.db, ada, w.site, await idOf("/passing"), { reason: "It goes tomorrow" });
  await undoAcceptance(w.db, ada, w.site, await idOf("/passing"));
  await recordFinding(w.db, ada, w.site, await idOf("/found"), {});
  await w.db.updateTable("observed_pages").set({ in_sitemap: 0 }).where("path", "=", "/passing").execute();
  await reconcile();
}

/** Somebody who administers every site creates a role, changes it and removes it, and closes an account. */
async function changeRolesOfAllSites(w: World): Promise<void> {
  const before = await w.db.selectFrom("memberships").selectAll().execute();
  await administersAll(w, "iris");
  const by = { person: w.people.iris, client: { address: "", userAgent: "" }, at: w.clock.at };
  const { slug } = await createRole(w.db, by, { slug: "legal", name: "Legal", permissions: ["assign"] });
  await changeRole(w.db, by, slug, { name: "Legal and privacy", permissions: [] });
  await removeRole(w.db, by, slug);
  const leaving = { name: "Otto", email: "otto@example.test", roles: ["viewer"] };
  const { id } = await invite(w.db, await w.by("iris"), w.site, leaving);
  await closeAccount(w.db, by, id);
  const sites = before.filter(({ person_id }) => person_id === w.people.iris.id).map(({ site_id }) => site_id);
  await w.db
    .deleteFrom("memberships")
    .where("person_id", "=", w.people.iris.id)
    .where("site_id", "not in", sites)
    .execute();
}

/** Has a server show a page, which is in its sitemap. */
async function seeOn(w: World, server_id: string, path: string): Promise<void> {
  const id = newId();
  const shown = { outcome: "shown" as const, title: "Found", text_digest: sha256(path), took_ms: 1, bytes: 1 };
  await w.db
    .insertInto("observations")
    .values({ id, server_id, path, seen_at: w.clock.at, ...shown })
    .execute();
  const listed = { in_record: 0 as const, in_sitemap: 1 as const, observation_id: id, shown_id: id };
  await w.db
    .insertInto("observed_pages")
    .values({ server_id, path, ...listed })
    .execute();
}

/** A shop in which that has happened. */
export const busyShop = lived(everyVerb);

/** The same without those for which days have to pass. */
export async function verbsOfOneDay(w: World): Promise<void> {
  await administer(w);
  await recordOutOfOrder(w);
  await promote(w);
  await correctLines(w);
  await assignOwners(w);
  await freeze(w);
}

async function administer(w: World): Promise<void> {
  const iris = await w.by("iris");
  await changeName(w.db, iris.person, "Iris Vane", w.clock.at);
  await changeSite(w.db, iris, w.site, { name: "Fennel & Daughters", time_zone: "Europe/Dublin" });
  await createEnvironment(w.db, iris, w.site, { slug: "archive", name: "Archive", tier: "other" });
  const site = (await findAccess(w.db, iris.person.id, "shop"))?.site as Site;
  const archive = environmentOf(site, "archive");
  await changeEnvironment(w.db, iris, site, archive, { name: "The archive", tier: "testing", before: "demo" });
  await changeEnvironment(w.db, iris, site, archive, { before: "-" });
  const rules = { ...gateDefaults, requirements: [{ role: "tester", count: 1 }], asker_may_approve: true };
  await changeGate(w.db, iris, site, archive, { rules, reason: "It is looked after by us" });
  const stricter = { ...rules, soak_hours: 24, checklist: ["The index is complete"] };
  await changeGate(w.db, iris, site, archive, { rules: stricter, reason: "It went wrong once", expectedVersion: 1 });
  await createEnvironment(w.db, iris, site, { slug: "spare", tier: "other" }, "live");
  await retireEnvironment(
    w.db,
    iris,
    site,
    environmentOf((await findAccess(w.db, iris.person.id, "shop"))?.site as Site, "spare"),
  );
  await addServer(w.db, iris, site, environmentOf(site, "archive"), {
    name: "cold",
    base_url: "https://old.shop.example/",
  });
  const again = (await findAccess(w.db, iris.person.id, "shop"))?.site as Site;
  const [server] = environmentOf(again, "archive").servers;
  await removeServer(w.db, iris, again, environmentOf(again, "archive"), server?.id ?? "");
  await scheduleVisits(w.db, iris, site, environmentOf(site, "beta"), 6);
  await chooseReporter(w.db, iris, site, environmentOf(site, "beta"), "observation");
  await chooseReporter(w.db, iris, site, environmentOf(site, "beta"), "people");
  const visits = {
    ...visitDefaults,
    user: "",
    password: "",
    cookie: "preview=1",
    header: "",
    removesCredentials: false,
  };
  const beta = environmentOf(site, "beta");
  const sealing = createSecrets({ databaseUrl: "file::memory:" });
  await changeVisitSettings(w.db, iris, site, beta, beta.servers[0]?.id ?? "", visits, sealing);
  await setHidden(w.db, iris, site, beta, true);
  await setProbe(w.db, iris, site, beta, { software: "checkout", how: "json", path: "/health", name: "/version" });
  const { id: probe } = await w.db.selectFrom("software_probes").select("id").executeTakeFirstOrThrow();
  await removeProbe(w.db, iris, site, beta, probe);
  await addMask(w.db, iris, site, { kind: "selector", expression: ".counter" });
  await addMask(w.db, iris, site, { kind: "pattern", expression: "[0-9]+ left" });
  const mask = await w.db.selectFrom("masks").select("id").orderBy("id").executeTakeFirstOrThrow();
  await removeMask(w.db, iris, site, mask.id);
  const { id } = await invite(w.db, iris, w.site, { name: "Nora", email: "nora@example.test", roles: ["viewer"] });
  await changeRoles(w.db, iris, w.site, id, ["tester"]);
  await resetPassword(w.db, iris, w.site, w.people.mara.id);
  const token = await createToken(w.db, iris, w.site, { name: "CI", roles: ["contributor"] });
  await revokeToken(w.db, iris, w.site, token.id);
  const webhooks = { secrets: createSecrets({ databaseUrl: "file::memory:" }), isAllowed: () => true };
  const url = "https://ci.example.test/hooks";
  const webhook = await createWebhook(w.db, iris, w.site, { name: "CI", shape: "standard", url, types: [] }, webhooks);
  await rotateSecret(w.db, iris, w.site, webhook.id, webhooks);
  const change = { name: "Builds", url: "https://builds.example.test", types: ["promotion.applied"] };
  await changeWebhook(w.db, iris, w.site, webhook.id, change, webhooks);
  await disableWebhook(w.db, await systemActor(w.db, w.clock.at), w.site, webhook.id, "Its receiver is gone.");
  await enableWebhook(w.db, iris, w.site, webhook.id);
  const other = await createWebhook(w.db, iris, w.site, { name: "Old CI", shape: "slack", url, types: [] }, webhooks);
  await removeWebhook(w.db, iris, w.site, other.id);
  const feed = await createFeed(w.db, iris, w.site, { what: "calendar:", about: "", name: "Team calendar" });
  await revokeFeed(w.db, iris, w.site, feed.id);
}

/** Records changes out of order, so that confirmations become placements, and placements no longer count. */
/** On a promotion that is then cancelled, in an environment whose gate is open to guests. */
async function inviteAndRevokeGuest(w: World): Promise<void> {
  const ada = await w.by("ada");
  await setGate(w, "demo", { guest_roles: ["tester"], requirements: [{ role: "tester", count: 1 }] });
  await w.record("beta", ["/guests v1"]);
  const release = await w.release("For guests", ["/guests"]);
  const { number } = await w.ask(release.number, "demo");
  const guest = { name: "Lea", email: "lea@agency.example", role: "tester" };
  await inviteGuest(w.db, ada, w.site, number, guest, true);
  const { id } = await w.db.selectFrom("guests").select("id").executeTakeFirstOrThrow();
  await revokeGuest(w.db, ada, w.site, number, id);
  await cancel(w.db, ada, w.site, number, "Only for the tests");
}

async function recordOutOfOrder(w: World): Promise<void> {
  const at = (day: number) => ({ effective_at: `2026-02-${String(day).padStart(2, "0")}T09:00:00.000Z` });
  await w.record("beta", ["/sale v1", "/sale/shoes v1", "/terms v1", "checkout 3.4.1"], at(2));
  await w.record("beta", ["/sale v1", "/terms v2"], at(10));
  await w.record("beta", ["/sale v2"], at(6));
  await w.record("beta", ["/terms v2"], at(5));
  await w.record("beta", ["/sale v2", "/new v1"], at(12));
  await w.record("beta", ["/sale v1"], at(4));
  await w.record("beta", ["/terms v1", "/sale v2", "checkout 3.4.1", "/new v1"], { ...at(14), complete: true });
  await w.record("beta", ["/late v1"], at(3));
  await w.record("live", ["/sale v1", "/old v1"], at(7));
  await w.record("live", ["-/old"], { ...at(8), note: "Gone at last", source: "https://ci.example/1" });
  await w.record("demo", ["/legacy v1", "/terms v0"], { ...at(9), baseline: true, complete: true });
  const from = environmentOf(w.site, "live");
  const copy = { environment: environmentOf(w.site, "demo"), allowRemovals: 2 };
  await recordSameAs(w.db, await w.by("cleo"), w.site, from, copy);
  await w.record("demo", ["/before v1"], at(1));
  const cleo = await w.by("cleo");
  const line = { kind: "page" as const, key: "/terms", version: "v3" };
  await recordDeployment(w.db, cleo, w.site, environmentOf(w.site, "beta"), {
    placements: [{ ...line, title: "Terms", notes: "Longer" }],
  });
  const fuller = { ...line, digest: "sha256:77", requires: { checkout: ">=3.2 <4" }, title: "Our terms" };
  await recordDeployment(w.db, cleo, w.site, environmentOf(w.site, "beta"), { placements: [fuller] });
}

async function promote(w: World): Promise<void> {
  const [ada, theo] = [await w.by("ada"), await w.by("theo")];
  const first = await w.release("Winter", ["/sale", "checkout"]);
  const requested = await w.ask(first.number, "demo");
  await cancel(w.db, ada, w.site, requested.number, "Too early");
  const again = await w.ask(first.number, "demo");
  await decide(w.db, theo, w.site, again.number, { decision: "approve", digest: again.digest });
  await withdrawApproval(w.db, theo, w.site, again.number, "The price is wrong");
  await decide(w.db, theo, w.site, again.number, { decision: "reject", digest: again.digest, comment: "The price" });
  await dismissRejection(w.db, ada, w.site, again.number);
  await w.ask(first.number, "demo");
  const all = await w.release("All", ["/sale", "checkout", "/terms", "/new"]);
  const brought = await w.promote(all.number, "demo");
  await w.promote(all.number, "live", { effective_at: "2026-03-03T09:30:00.000Z" });
  const rollback = await rollBack(w.db, ada, w.site, brought.number, { reason: "The shop is down" });
  await decide(w.db, theo, w.site, rollback.number, { decision: "approve", digest: rollback.digest });
  const number = (await w.release("Spring", ["/terms"], "demo")).number;
  await requestPromotion(w.db, ada, w.site, { release: number, to: "live" }).catch(() => undefined);
  await w.record("beta", ["/sale v9"]);
  const next = await w.release("Next", ["/sale"]);
  await w.ask(next.number, "demo");
  await markAsBad(w.db, theo, w.site, next.number, "A broken link");
  await liftMark(w.db, theo, w.site, next.number, "It was another page");
  await markAsBad(w.db, theo, w.site, first.number, "Wrong prices");
  await w.record("beta", ["/hot v1"]);
  const urgent = await w.ask((await w.release("Hotfix", ["/hot"])).number, "demo");
  await completeWithoutGate(w.db, await w.by("iris"), w.site, urgent.number, { reason: "The shop is down" });
  await reviewForced(w.db, theo, w.site, urgent.number, "It was needed");
  const last = await w.ask(next.number, "live");
  const role = { role: "marketing", from_at: w.clock.at, until_at: "2026-03-20T23:59:59.999Z" };
  for (const substitute of [w.people.theo.id, w.people.vera.id]) {
    const { id } = await setDelegation(w.db, await w.by("mara"), w.site, { ...role, substitute });
    if (substitute === w.people.theo.id) await endDelegation(w.db, theo, w.site, id);
  }
  await addComment(w.db, ada, w.site, last.number, "@Mara, and @theo: is this right? @nobody knows.");
  const pages = [{ key: "/sale", comment: "The old price" }];
  const rejection = { decision: "reject", digest: last.digest, comment: "Not yet", pages } as const;
  await decide(w.db, await w.by("mara"), w.site, last.number, rejection);
  const contents = [{ kind: "page" as const, key: "/sale", version: "v9" }];
  await createRelease(w.db, ada, w.site, { name: "Next (2)", contents, made_from: next.number });
  await w.record("demo", ["/sale v8"]);
  await setGate(w, "demo", { requirements: [{ role: "tester", count: 1 }], checklist: ["Prices are right"] });
  await w.record("beta", ["/sale v10"]);
  const checked = await w.ask((await w.release("Checked", ["/sale"])).number, "demo");
  for (const ticked of [true, false])
    await tickLine(w.db, theo, w.site, checked.number, { line: "Prices are right", ticked });
  await setGate(w, "demo", { requirements: [{ role: "tester", count: 1 }] });
}

/** One page, its section with a page recorded later, nobody again, and a software item. */
async function assignOwners(w: World): Promise<void> {
  const ada = await w.by("ada");
  await setOwner(w.db, ada, w.site, { of: { kind: "page", key: "/sale" }, owner: w.people.vera.id });
  await setOwner(w.db, ada, w.site, { of: { section: "sale" }, owner: "mara@example.test" });
  await w.record("beta", ["/sale/later v1"]);
  await setOwner(w.db, ada, w.site, { of: { kind: "page", key: "/sale/shoes" }, owner: null });
  await setOwner(w.db, ada, w.site, { of: { kind: "software", key: "checkout" }, owner: w.people.cleo.id });
}

/** Sets a recurring freeze and one without an end, completes a promotion in spite of that one, and ends both. */
async function freeze(w: World): Promise<void> {
  const ada = await w.by("ada");
  const demo = environmentOf(w.site, "demo");
  const weekly = { from: "2026-12-04T22:00:00.000Z", until: "2026-12-05T06:00:00.000Z", reason: "Christmas" };
  const { number } = await setFreeze(w.db, ada, w.site, demo, { ...weekly, recurrence: "FREQ=WEEKLY;COUNT=3" });
  await endFreeze(w.db, ada, w.site, number, "Christmas is over");
  const stop = await setFreeze(w.db, ada, w.site, demo, { reason: "Stop the line" });
  await w.record("beta", ["/fix v1"]);
  const release = await w.release("Fix", ["/fix"]);
  const { number: promotion, digest } = await w.ask(release.number, "demo");
  await decide(w.db, await w.by("theo"), w.site, promotion, { decision: "approve", digest });
  const may = { ...ada, permissions: new Set([...ada.permissions, "override_freeze"] as const) };
  await complete(w.db, may, w.site, promotion, { freeze_override: "A security fix" });
  await endFreeze(w.db, ada, w.site, stop.number, "The line runs again");
}

/** Plans two promotions for one moment, at which one is completed by itself, and taken down a day later; the other is not. */
async function schedule(w: World): Promise<void> {
  const [ada, theo] = [await w.by("ada"), await w.by("theo")];
  const plan = { ...noPlan, go_live_at: addMs(w.clock.at, 60 * 60 * 1000), by_itself: true };
  const take_down_at = addMs(plan.go_live_at, 24 * 60 * 60 * 1000);
  const takenDown = {
    ...plan,
    take_down_at,
    take_down: "remove" as const,
    take_down_redirect: "/",
    take_down_by_itself: true,
  };
  for (const key of ["/planned", "/unapproved"]) {
    await w.record("beta", [`${key} v1`]);
    const { number: release } = await w.release(`Planned ${key}`, [key]);
    const request = { release, to: "demo", ...(key === "/planned" && { plan: takenDown }) };
    const { number, digest } = await requestPromotion(w.db, ada, w.site, request);
    if (key === "/planned") await decide(w.db, theo, w.site, number, { decision: "approve", digest });
    else await schedulePromotion(w.db, ada, w.site, number, plan);
  }
  for (const at of [plan.go_live_at, take_down_at]) {
    w.clock.at = at;
    await runDueJobs(w.db, { go_live: goLive, take_down: takeDown }, () => w.clock.at);
  }
}

/** Lets an approval expire, and a day later its promotion. */
async function expire(w: World): Promise<void> {
  const tester = [{ role: "tester", count: 1 }];
  await setGate(w, "demo", { requirements: tester, approval_days: 1, promotion_days: 2 });
  await w.record("beta", ["/stale v1"]);
  const { number, digest } = await w.ask((await w.release("Stale", ["/stale"])).number, "demo");
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest });
  for (let day = 0; day < 2; day++) {
    w.clock.at = new Date(Date.parse(w.clock.at) + 24 * 60 * 60 * 1000).toISOString();
    await runDueJobs(w.db, { approval_expiry: expireApprovals, promotion_expiry: expirePromotion }, () => w.clock.at);
  }
  await setGate(w, "demo", { requirements: tester });
}

/** Corrects a line and whole deployments, and undoes one of the corrections. */
async function correctLines(w: World): Promise<void> {
  const ada = await w.by("ada");
  const line = { deployment: 3, kind: "page" as const, key: "/sale", reason: "It was the shoes" };
  await correct(w.db, ada, w.site, { ...line, instead: { version: "v7" } });
  await correct(w.db, ada, w.site, { deployment: 7, reason: "Of another day" });
  await correct(w.db, ada, w.site, { deployment: 7, reason: "No, it was right", stands: true });
  const legacy = { deployment: 11, kind: "page" as const, key: "/legacy", reason: "It was older" };
  await correct(w.db, ada, w.site, { ...legacy, instead: { version: "v0" } });
  await correct(w.db, ada, w.site, { deployment: 1, reason: "Of another site" });
}
