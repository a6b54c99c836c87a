import { afterEach, beforeEach, expect, test } from "vitest";
import { setOwner } from "../src/artifacts/owners.ts";
import { setFreeze } from "../src/freezes/freezes.ts";
import { maxAttempts } from "../src/jobs/queue.ts";
import { runDueJobs } from "../src/jobs/worker.ts";
import { createMailer } from "../src/mail/mailer.ts";
import { sendAgain } from "../src/notices/queries.ts";
import { sendDigest, sendNotice } from "../src/notices/send.ts";
import { writeNotices } from "../src/notices/write-notices.ts";
import { changeRoles } from "../src/people/people.ts";
import { completeWithoutGate } from "../src/promotions/break-glass.ts";
import { addComment } from "../src/promotions/comments.ts";
import { expirePromotion } from "../src/promotions/expiry.ts";
import { cancel, complete, decide } from "../src/promotions/promotions.ts";
import { addMs } from "../src/time/add.ts";
import { setGate } from "./support/gates.ts";
import { type MailServer, mailServer } from "./support/mail-server.ts";
import { environmentOf, type Name, type World, world } from "./support/world.ts";

let w: World;
let server: MailServer;
beforeEach(async () => {
  [w, server] = await Promise.all([world(), mailServer()]);
});
afterEach(() => Promise.all([w.close(), server.close()]));

const baseUrl = "https://sitebook.example.test";

/** What the server's worker does in one round. */
async function work(url = server.url): Promise<void> {
  const mailer = createMailer({ url, from: "Sitebook <sitebook@example.test>" }, { timeoutMs: 2_000 });
  const context = { mailer, baseUrl };
  await writeNotices(w.db, w.clock.at, true);
  await runDueJobs(
    w.db,
    {
      notice: (db, job, now) => sendNotice(db, job, now, context),
      digest: (db, job, now) => sendDigest(db, job, now, context),
    },
    () => w.clock.at,
  );
}

const later = (ms: number) => {
  w.clock.at = addMs(w.clock.at, ms);
};

const hour = 3_600_000;

/** The mails to a person so far. */
const mailsTo = (name: Name) => server.to(`${name}@example.test`);

const states = async () =>
  (await w.db.selectFrom("notices").select(["kind", "state", "outcome"]).orderBy("seq").execute()).map(
    ({ kind, state, outcome }) => [kind, state, ...(outcome ? [outcome] : [])].join(": "),
  );

async function requested(to = "demo") {
  await w.record("beta", ["/sale v1", "/sale/shoes v2"]);
  await work();
  const release = await w.release("Summer sale", ["/sale", "/sale/shoes"]);
  return w.ask(release.number, to);
}

test("a request is mailed to those who approve it, with what changes and a link to review it", async () => {
  const { number } = await requested();
  await work();
  expect(server.mails).toHaveLength(1);
  const [mail] = mailsTo("theo");
  expect(mail?.subject).toBe("Summer sale: promotion 1 to demo");
  for (const text of [mail?.text, mail?.html as string]) {
    expect(text).toContain("Your approval is needed for demo.");
    expect(text).toContain("2 new pages will go to demo.");
    expect(text).toContain("/sale/shoes");
    expect(text).toContain(`${baseUrl}/sites/shop/promotions/${number}`);
    expect(text).toContain("https://beta.shop.example/sale");
    expect(text).toContain(
      "because your role approves it on Fennel & Co".replace("&", text === mail?.text ? "&" : "&amp;"),
    );
  }
  expect(mail?.headers.has("list")).toBe(false);
  await work();
  later(6 * 60_000);
  await work();
  expect(server.mails).toHaveLength(1);
});

test("the requester learns that it was approved, and who completes it that it can be", async () => {
  const { number, digest } = await requested();
  await work();
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest });
  await work();
  // Ada requested it and completes it: one mail
  const [mail] = mailsTo("ada");
  expect(mailsTo("ada")).toHaveLength(1);
  expect(mail?.text).toContain("can be marked as on demo now");
  expect(mail?.inReplyTo).toBe(mailsTo("theo")[0]?.inReplyTo);
});

test("a rejection is mailed to the requester with the pages that it names", async () => {
  const { number, digest } = await requested();
  const pages = [{ key: "/sale/shoes", comment: "The price is wrong." }];
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "reject", digest, comment: "Not yet.", pages });
  await work();
  expect(mailsTo("theo")).toEqual([]);
  expect(mailsTo("ada")[0]?.text).toContain("rejected promotion 1");
  expect(mailsTo("ada")[0]?.text).toContain("Theo wrote: “Not yet.”");
  expect(mailsTo("ada")[0]?.text).toContain("/sale/shoes: “The price is wrong.”");
});

test("a request that cannot go on any more is mailed to its requester with the reason", async () => {
  await requested();
  await work();
  later(hour);
  await w.record("beta", ["/sale v9"]);
  await work();
  expect(mailsTo("ada")[0]?.text).toContain("cannot go on as it is");
  expect(mailsTo("ada")[0]?.text).toContain("beta now has v9");
});

test("what somebody did meanwhile, or a role that was lost, stops the notice", async () => {
  const { number } = await requested();
  await writeNotices(w.db, w.clock.at, true);
  await cancel(w.db, await w.by("ada"), w.site, number, "Too early");
  await work();
  expect(server.mails).toEqual([]);
  expect(await states()).toEqual(["approval_needed: stopped: Nothing is needed from this person any more."]);
  await w.ask(1, "demo");
  await writeNotices(w.db, w.clock.at, true);
  await changeRoles(w.db, await w.by("iris"), w.site, w.people.theo.id, []);
  await work();
  expect(server.mails).toEqual([]);
  expect((await states()).at(-1)).toBe("approval_needed: stopped: The person has no role on this site any more.");
});

test("who stands in for an approver is asked as well", async () => {
  const delegation = { role: "tester", substitute: w.people.vera.id, from: "", until: "2026-03-12" };
  await w.as("theo").submit("/sites/shop/delegations", delegation);
  await requested();
  await work();
  expect(mailsTo("vera")[0]?.text).toContain("Your approval is needed for demo.");
  expect(mailsTo("theo")).toHaveLength(1);
});

test("a request that expires is mailed to its requester", async () => {
  await setGate(w, "demo", { requirements: [{ role: "tester", count: 1 }], promotion_days: 1 });
  await requested();
  await work();
  expect(mailsTo("theo")[0]?.text).toContain("It expires on 4 March 2026, 10:00.");
  later(24 * hour);
  await runDueJobs(w.db, { promotion_expiry: expirePromotion }, () => w.clock.at);
  await work();
  expect(mailsTo("ada")[0]?.text).toMatch(/ended promotion 1, .*: It was not completed within 1 day\./);
});

test("approvers are told of a completion without their approval, and who is none by then is not", async () => {
  const { number } = await requested();
  await work();
  await completeWithoutGate(w.db, await w.by("iris"), w.site, number, { reason: "The shop is down" });
  await writeNotices(w.db, w.clock.at, true);
  const roles =
    (...roles: string[]) =>
    async () =>
      changeRoles(w.db, await w.by("iris"), w.site, w.people.theo.id, roles);
  await roles("viewer")();
  await work();
  expect(mailsTo("theo")).toHaveLength(1);
  expect(await states()).toContain("without_gate: stopped: The person has no role any more that approves it.");
  await roles("tester")();
  const { id } = await w.db
    .selectFrom("notices")
    .select("id")
    .where("kind", "=", "without_gate")
    .executeTakeFirstOrThrow();
  await sendAgain(w.db, w.site.id, id, w.clock.at);
  await work();
  expect(mailsTo("theo")[1]?.text).toContain("Iris completed promotion 1: Summer sale on demo, without its gate.");
});

test("an owner is told that a page arrived out of band", async () => {
  await w.record("beta", ["/sale v1"]);
  await w.promote((await w.release("Sale", ["/sale"])).number, "demo");
  await setOwner(w.db, await w.by("ada"), w.site, { of: { kind: "page", key: "/sale" }, owner: w.people.mara.id });
  await work();
  await w.as("mara").submit("/sites/shop/notices", { page_changed: "now" });
  await w.record("demo", ["/sale v2"]);
  await work();
  expect(mailsTo("mara").at(-1)?.text).toContain("out of band");
});

test("what the end of a freeze makes possible is not said to follow from something else", async () => {
  const { number, digest } = await requested();
  const freeze = { reason: "Audit", until: addMs(w.clock.at, hour) };
  await setFreeze(w.db, await w.by("iris"), w.site, environmentOf(w.site, "demo"), freeze);
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest });
  await w.record("beta", ["/other v1"]);
  await work();
  later(hour + 6 * 60_000);
  await work();
  expect(mailsTo("ada").at(-1)?.text).toContain("Promotion 1 can be marked as on demo now.");
  expect(mailsTo("ada").at(-1)?.text).not.toContain("Cleo");
});

test("a person who is mentioned is told, with the comment", async () => {
  const { number } = await requested();
  await work();
  await addComment(w.db, await w.by("theo"), w.site, number, "@Vera, can you look at the prices?");
  await work();
  expect(mailsTo("vera")[0]?.text).toMatch(/Theo commented on promotion 1/);
});

test("owners get the changes of a day in one mail in the morning, with one click to unsubscribe", async () => {
  await w.record("beta", ["/sale v1", "/about v1"]);
  await work();
  await setOwner(w.db, await w.by("ada"), w.site, { of: { kind: "page", key: "/sale" }, owner: w.people.mara.id });
  await w.record("beta", ["/sale v2"]);
  later(hour);
  await w.record("beta", ["/sale v3"]);
  await work();
  expect(server.mails).toEqual([]);
  w.clock.at = "2026-03-04T07:59:00.000Z";
  await work();
  expect(server.mails).toEqual([]);
  w.clock.at = "2026-03-04T08:00:00.000Z";
  await work();
  const [mail] = mailsTo("mara");
  expect(mail?.subject).toBe("Fennel & Co: 2 things for you");
  const [, link = ""] = /Unsubscribe: https:\/\/sitebook\.example\.test(\S+)/.exec(mail?.text ?? "") ?? [];
  const nobody = w.as("nobody");
  expect(await (await nobody.get(link)).text()).toContain("Stop mails of the kind “Own page changed”");
  await w.record("beta", ["/sale v4"]);
  await work();
  expect((await states()).at(-1)).toBe("page_changed: waiting");
  const answer = await w.app.request(`http://sitebook.test${link}`, {
    method: "POST",
    body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }),
  });
  expect(answer.status).toBe(200);
  await w.record("beta", ["/sale v5"]);
  await work();
  expect((await states()).filter((state) => state.startsWith("page_changed"))).toHaveLength(3);
  expect((await nobody.get("/unsubscribe?key=wrong")).status).toBe(404);
});

test("unsubscribing from a digest stops all in it that its person may stop", async () => {
  await w.record("beta", ["/sale v1"]);
  await work();
  const mara = w.as("mara");
  await setOwner(w.db, await w.by("ada"), w.site, { of: { kind: "page", key: "/sale" }, owner: w.people.mara.id });
  await mara.submit("/sites/shop/notices", { subscribed: "daily" });
  await mara.submit("/sites/shop/notices/follow", { subject: "environment", name: "demo" });
  await w.as("iris").submit("/sites/shop/settings/notices", { mentioned: "required" });
  await mara.submit("/sites/shop/notices", { mentioned: "daily" });
  later(1000);
  await work();
  await w.record("demo", ["/about v1"]);
  await w.record("beta", ["/sale v2"]);
  const { number } = await w.ask((await w.release("Sale", ["/sale"])).number, "demo");
  await addComment(w.db, await w.by("theo"), w.site, number, "@Mara, is it right?");
  await work();
  later(24 * hour);
  await work();
  const [mail] = mailsTo("mara");
  expect(mail?.subject).toBe("Fennel & Co: 3 things for you");
  const header = mail?.headerLines.find(({ key }) => key === "list-unsubscribe")?.line ?? "";
  const [, link = ""] = /sitebook\.example\.test([^>\s]+)/.exec(header) ?? [];
  const shown = await (await w.as("nobody").get(link)).text();
  expect(shown).toContain("of the kinds “Own page changed” and “Change to something followed” about");
  await w.app.request(`http://sitebook.test${link}`, { method: "POST", body: "List-Unsubscribe=One-Click" });
  const off = w.db.selectFrom("notice_choices").select("kind").where("delivery", "=", "off").orderBy("kind");
  expect(await off.execute()).toEqual([{ kind: "page_changed" }, { kind: "subscribed" }]);
});

test("who follows an environment, a section, a page or a campaign is told what changes there", async () => {
  await w.record("beta", ["/sale/shoes v1", "/about v1"]);
  later(1000);
  const vera = w.as("vera");
  const followed = await (
    await vera.submit("/sites/shop/notices/follow", { subject: "section", name: "/sale", environment: "beta" })
  ).text();
  expect(followed).toContain("You follow /sale now.");
  expect((await vera.post("/sites/shop/notices/follow", { subject: "page", name: "/nowhere" })).status).toBe(422);
  expect((await w.as("oskar").post("/sites/shop/notices/follow", { subject: "page", name: "/about" })).status).toBe(
    404,
  );
  await work();
  await w.record("beta", ["/about v2"]);
  await w.record("demo", ["/sale/shoes v1"]);
  await work();
  expect(server.mails).toEqual([]);
  await w.record("beta", ["/sale/shoes v2"]);
  await work();
  expect(mailsTo("vera")).toHaveLength(1);
  expect(mailsTo("vera")[0]?.text).toContain("- changed /sale/shoes v2");
  const page = await (await vera.get("/sites/shop/notices")).text();
  const [, unfollow = ""] = /action="([^"]+\/unfollow)"/.exec(page) ?? [];
  expect(await (await vera.submit(unfollow)).text()).toContain("You no longer follow it.");
  await w.record("beta", ["/sale/shoes v3"]);
  await work();
  expect(mailsTo("vera")).toHaveLength(1);
});

test("a person chooses how often, within what the administrator allows", async () => {
  const theo = w.as("theo");
  const refused = await theo.post("/sites/shop/notices", { approval_needed: "off" });
  expect(refused.status).toBe(422);
  expect(await refused.text()).toContain("An administrator of the site requires these notices.");
  await theo.submit("/sites/shop/notices", { approval_needed: "weekly" });
  await requested();
  await work();
  expect(server.mails).toEqual([]);
  w.clock.at = "2026-03-09T08:00:00.000Z";
  await work();
  expect(mailsTo("theo")).toHaveLength(1);
  expect((await w.as("ada").post("/sites/shop/settings/notices", { approval_needed: "off" })).status).toBe(403);
  await w.as("iris").submit("/sites/shop/settings/notices", { approval_needed: "off" });
  await cancel(w.db, await w.by("ada"), w.site, 1, "Again");
  await w.ask(1, "demo");
  await work();
  expect((await states()).filter((state) => state.startsWith("approval_needed"))).toHaveLength(1);
});

test("a mail that the server does not take is tried again, and one that it refuses is shown and sent again by hand", async () => {
  const closed = await mailServer();
  await closed.close();
  await requested();
  await work(closed.url);
  const iris = w.as("iris");
  const page = async () => (await iris.get("/sites/shop/settings/notices")).text();
  expect(await page()).toContain("will be tried again");
  const refusing = await mailServer({
    onRcptTo: (_to, _session, done) => done(Object.assign(new Error("No such user"), { responseCode: 550 })),
  });
  later(33_000);
  await work(refusing.url);
  await refusing.close();
  expect(await page()).toMatch(/refused by the mail server.*No such user/s);
  const [, again = ""] = /action="([^"]+\/again)"/.exec(await page()) ?? [];
  expect((await w.as("ada").post(again)).status).toBe(403);
  expect(await (await iris.submit(again)).text()).toContain("It will be sent again.");
  await work();
  expect(mailsTo("theo")).toHaveLength(1);
  expect(await page()).toContain("sent</span>");
});

test("a server killed between sending and writing that down repeats the mail with the same id", async () => {
  await requested();
  await writeNotices(w.db, w.clock.at, true);
  const { id: ref } = await w.db.selectFrom("notices").select("id").executeTakeFirstOrThrow();
  const mailer = createMailer({ url: server.url, from: "sitebook@example.test" });
  const killed = sendNotice(w.db, { ref, attempts: 1 }, w.clock.at, {
    baseUrl,
    mailer: async (mail) => {
      await mailer(mail);
      throw new Error("killed");
    },
  });
  await expect(killed).rejects.toThrow("killed");
  await work();
  expect(new Set(server.mails.map(({ messageId }) => messageId)).size).toBe(1);
  expect(server.mails).toHaveLength(2);
});

test("a notice that is sent again twice, or while it waits, is one mail, also of two servers", async () => {
  await requested();
  await writeNotices(w.db, w.clock.at, true);
  const { id } = await w.db.selectFrom("notices").select("id").executeTakeFirstOrThrow();
  await sendAgain(w.db, w.site.id, id, w.clock.at);
  await Promise.all([work(), work()]);
  expect(server.mails).toHaveLength(1);
  await Promise.all([1, 2].map(() => sendAgain(w.db, w.site.id, id, w.clock.at)));
  expect(
    await w.db.selectFrom("jobs").select("id").where("done_at", "is", null).where("kind", "=", "notice").execute(),
  ).toHaveLength(1);
  await Promise.all([work(), work()]);
  expect(server.mails).toHaveLength(2);
});

test("after days without a mail server a notice is shown as failed, and digests go on once it is back", async () => {
  await w.as("theo").submit("/sites/shop/notices", { approval_needed: "daily" });
  await requested();
  await work();
  await w.db
    .updateTable("jobs")
    .set({ attempts: maxAttempts, last_error: "Nobody is there." })
    .where("kind", "=", "digest")
    .execute();
  await w.as("theo").submit("/sites/shop/notices", { approval_needed: "now" });
  await w.record("beta", ["/about v1"]);
  await w.ask((await w.release("About", ["/about"])).number, "demo");
  await writeNotices(w.db, w.clock.at, true);
  await w.db
    .updateTable("jobs")
    .set({ attempts: maxAttempts, last_error: "Nobody is there." })
    .where("kind", "=", "notice")
    .execute();
  expect(await (await w.as("theo").get("/sites/shop/notices")).text()).toMatch(/failed<\/span> <small>Nobody is there/);
  await w.as("theo").submit("/sites/shop/notices", { approval_needed: "daily" });
  await w.record("beta", ["/terms v1"]);
  await w.ask((await w.release("Terms", ["/terms"])).number, "demo");
  await work();
  later(24 * hour);
  await work();
  expect(mailsTo("theo").map(({ subject }) => subject)).toEqual(["Fennel & Co: 2 things for you"]);
});

test("two servers write and send each notice once", async () => {
  await requested();
  await Promise.all([work(), work()]);
  expect(server.mails).toHaveLength(1);
});

test("without a mail server notices are kept as not sent, and the pages say so", async () => {
  await requested();
  await writeNotices(w.db, w.clock.at, false);
  expect(await states()).toEqual(["approval_needed: stopped: Mail was not set up."]);
  expect(await (await w.as("theo").get("/sites/shop/notices")).text()).toContain("No mail is sent");
  const iris = w.as("iris");
  expect(await (await iris.get("/sites/shop/settings/notices")).text()).toContain("SMTP_URL");
  const answer = await iris.submit("/sites/shop/settings/notices/test");
  expect(await answer.text()).toContain("The mail could not be sent: Set SMTP_URL and MAIL_FROM");
});

test("nobody is mailed about what happened before notices were written", async () => {
  const { number, digest } = await requested();
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest });
  await complete(w.db, await w.by("ada"), w.site, number, {});
  await work();
  expect(mailsTo("theo")).toEqual([]);
});
