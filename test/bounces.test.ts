import { afterEach, beforeEach, expect, test } from "vitest";
import { sha256 } from "../src/database/ids.ts";
import { runDueJobs } from "../src/jobs/worker.ts";
import { createMailer } from "../src/mail/mailer.ts";
import { sendDigest, sendNotice } from "../src/notices/send.ts";
import { writeNotices } from "../src/notices/write-notices.ts";
import { confirmAddress } from "../src/people/address.ts";
import { addMs } from "../src/time/add.ts";
import { machine, stranger } from "./support/api.ts";
import { type MailServer, mailServer } from "./support/mail-server.ts";
import { type World, world } from "./support/world.ts";

let w: World;
let server: MailServer;
let provider: Awaited<ReturnType<typeof machine>>;
beforeEach(async () => {
  [w, server] = await Promise.all([world(), mailServer()]);
  const role = { slug: "mail-provider", name: "Mail provider", permissions: '["view","report_bounces"]' };
  await w.db.insertInto("roles").values(role).execute();
  provider = await machine(w, "mail-provider");
  await w.record("beta", ["/sale v1", "/shoes v1", "/coats v1"]);
});
afterEach(() => Promise.all([w.close(), server.close()]));

const path = "/sites/shop/bounces";

/** What the server's worker does in one round. */
async function work(): Promise<void> {
  const mailer = createMailer({ url: server.url, from: "Sitebook <sitebook@example.test>" });
  const context = { mailer, baseUrl: "http://sitebook.test" };
  await writeNotices(w.db, w.clock.at, true);
  const handlers = {
    notice: (db: typeof w.db, job: { ref: string; attempts: number }, now: string) => sendNotice(db, job, now, context),
    digest: (db: typeof w.db, job: { ref: string; site_id: string }, now: string) => sendDigest(db, job, now, context),
  };
  await runDueJobs(w.db, handlers, () => w.clock.at);
}

const toTheo = () => server.to("theo@example.test");

/** A request that Theo has to approve; returns the Message-ID of the mail about it. */
async function mailed(key = "/sale"): Promise<string> {
  await w.ask((await w.release(key, [key])).number, "demo");
  await work();
  return toTheo().at(-1)?.messageId ?? "";
}

const report = (message_id: string, more: object = {}) => ({
  message_id,
  address: "theo@example.test",
  kind: "permanent",
  reason: "550 5.1.1 No such user",
  ...more,
});

const stored = async () => ({
  notices: await w.db.selectFrom("notices").select(["id", "state", "bounce", "outcome"]).orderBy("id").execute(),
  addresses: await w.db.selectFrom("bounced_addresses").selectAll().execute(),
});

test("a mail that came back is shown with its reason, and nothing more is sent to the address", async () => {
  const id = await mailed();
  const { status, body } = await provider.post(path, report(id, { reason: "550 5.1.1\r\n No such user" }));
  expect([status, body.kind, body.notices.length]).toEqual([201, "permanent", 1]);
  const sent = await (await w.as("iris").get("/sites/shop/settings/notices")).text();
  expect(sent).toMatch(/bounced<\/span> <small>550 5.1.1 No such user/);
  const { body: list } = await (await machine(w, "administrator")).get("/sites/shop/notices");
  expect(list.items).toMatchObject([{ state: "bounced", reason: "550 5.1.1 No such user" }]);
  const before = toTheo().length;
  await mailed("/shoes");
  expect(toTheo()).toHaveLength(before);
  expect((await stored()).notices.find(({ state }) => state === "stopped")).toMatchObject({
    outcome: "A notice came back (550 5.1.1 No such user), so no more are sent to this address.",
  });
});

test("its person reads why, and sends to it again", async () => {
  await provider.post(path, report(await mailed()));
  const theo = w.as("theo");
  expect(await (await theo.get("/sites/shop/notices")).text()).toContain("A notice came back (550 5.1.1 No such user)");
  const after = await (await theo.submit("/sites/shop/notices/address-confirmation")).text();
  expect(after).toContain("Notices are sent to your address again.");
  expect(after).not.toContain("A notice came back");
  const before = toTheo().length;
  await mailed("/shoes");
  expect(toTheo()).toHaveLength(before + 1);
});

test("an administrator reads it on the page of the person, and clears it; nobody else may", async () => {
  await provider.post(path, report(await mailed(), { kind: "complaint", reason: "abuse" }));
  const page = `/sites/shop/settings/people/${w.people.theo.id}`;
  expect(await (await w.as("iris").get(page)).text()).toContain("A notice was marked as spam (abuse)");
  expect((await w.as("ada").post(`${page}/address-confirmation`)).status).toBe(403);
  expect((await stored()).addresses).toHaveLength(1);
  const cleared = await (await w.as("iris").submit(`${page}/address-confirmation`)).text();
  expect(cleared).toContain("Notices are sent to the address of Theo again.");
  expect((await stored()).addresses).toEqual([]);
});

test("another address, confirmed by a mail to it, is sent to", async () => {
  await provider.post(path, report(await mailed()));
  const change = { person_id: w.people.theo.id, email: "theo@new.test", expires_at: "2099", hash: sha256("link") };
  await w.db.insertInto("address_changes").values(change).execute();
  const client = { address: "", userAgent: "" };
  await confirmAddress(w.db, "link", w.clock.at, { client, mailer: undefined, baseUrl: "http://sitebook.test" });
  await mailed("/shoes");
  expect(server.to("theo@new.test")).toHaveLength(1);
  expect((await stored()).addresses).toEqual([]);
});

test("a mail that came back for now changes only its notice, until it comes back for good", async () => {
  const id = await mailed();
  await provider.post(path, report(id, { kind: "temporary", reason: "mailbox full" }));
  const before = toTheo().length;
  await mailed("/shoes");
  expect(toTheo()).toHaveLength(before + 1);
  expect((await provider.post(path, report(id))).body.kind).toBe("permanent");
  expect((await stored()).addresses).toMatchObject([{ kind: "permanent" }]);
});

test("a repeated report is one, also after the address was cleared", async () => {
  const id = await mailed();
  const reports = await Promise.all([1, 2, 3].map(() => provider.post(path, report(id))));
  expect(reports.map(({ status }) => status)).toEqual([201, 201, 201]);
  const once = await stored();
  await provider.post(path, report(`<${id.replace(/[<>]/g, "")}>`, { kind: "complaint", reason: "another" }));
  expect(await stored()).toEqual(once);
  await w.as("theo").post("/sites/shop/notices/address-confirmation");
  await provider.post(path, report(id));
  expect((await stored()).addresses).toEqual([]);
});

test("forged and unknown ids, other addresses, other sites and other tokens change nothing", async () => {
  const id = await mailed();
  const before = await stored();
  const unknown = "019ca12b-7c00-7000-8000-0123456789ab@sitebook.test";
  const bare = id.replace(/[<>]/g, "");
  for (const message_id of [unknown, "", "<>", bare.replace("sitebook.test", "other.test"), `${bare}x`, "\u0000", "%"])
    expect((await provider.post(path, report(message_id))).status, message_id).toBe(404);
  expect((await provider.post(path, report(id, { address: "mara@example.test" }))).status).toBe(404);
  for (const wrong of [{ address: "theo\u0000@x" }, { reason: " " }, { reason: "\u0000x" }, { kind: "soft" }])
    expect((await provider.post(path, report(id, wrong))).status).toBe(422);
  const other = await stranger(w);
  expect((await other.post(path, report(id))).status).toBe(404);
  expect((await other.post("/sites/elsewhere/bounces", report(id))).status).toBe(404);
  expect((await (await machine(w, "account-manager")).post(path, report(id))).status).toBe(403);
  expect((await provider.get("/sites/shop/notices")).status).toBe(403);
  expect(await stored()).toEqual(before);
});

test("a digest that came back marks all its notices", async () => {
  await w.db
    .insertInto("notice_choices")
    .values({ site_id: w.site.id, person_id: w.people.theo.id, kind: "approval_needed", delivery: "daily" })
    .execute();
  await mailed("/sale");
  await mailed("/shoes");
  w.clock.at = addMs(w.clock.at, 24 * 3_600_000);
  await work();
  const { body } = await provider.post(path, report(toTheo().at(-1)?.messageId ?? ""));
  expect(body.notices).toHaveLength(2);
  expect((await stored()).notices.map(({ bounce }) => bounce)).toEqual(["permanent", "permanent"]);
});
