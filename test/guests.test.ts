import { afterEach, beforeEach, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import type { Job } from "../src/jobs/queue.ts";
import { createMailer } from "../src/mail/mailer.ts";
import { expireApprovals } from "../src/promotions/expiry.ts";
import { addMs } from "../src/time/add.ts";
import { setGate } from "./support/gates.ts";
import { type MailServer, mailServer } from "./support/mail-server.ts";
import { serveAt, visit } from "./support/visits.ts";
import { htmlPage, webSite } from "./support/web-site.ts";
import { browser, type Name, type World, world } from "./support/world.ts";

let w: World;
let server: MailServer;
let app: ReturnType<typeof createApp>;
beforeEach(async () => {
  [w, server] = await Promise.all([world(), mailServer()]);
  const mailer = createMailer({ url: server.url, from: "Sitebook <sitebook@example.test>" });
  app = createApp(w.db, { baseUrl: "http://sitebook.test", now: () => new Date(w.clock.at), mailer });
});
afterEach(() => Promise.all([w.close(), server.close()]));

const as = (name: Name) => browser(app, w.db, w.people[name], w.clock);
const outsider = () => browser(app, w.db, undefined, w.clock);

const later = (ms: number) => {
  w.clock.at = addMs(w.clock.at, ms);
};

const guests = "/sites/shop/promotions/1/guests";
const lea = { name: "Léa of the agency", email: "lea@agency.example", role: "tester" };

/** A promotion to demo, whose gate is open to guests as testers. */
async function requested(guest_roles = ["tester"]) {
  await setGate(w, "demo", { guest_roles, requirements: [{ role: "tester", count: 1 }] });
  await w.record("beta", ["/sale v1", "/sale/shoes v2"]);
  const { number } = await w.release("Summer sale", ["/sale", "/sale/shoes"]);
  return w.ask(number, "demo");
}

/** Ada invites a guest, whose mail has the link. */
async function invited(guest = lea): Promise<string> {
  const answer = await as("ada").post(guests, guest);
  expect(answer.status).toBe(201);
  const [, link = ""] = /\/guest\?link=([\w-]+)/.exec(server.to(guest.email).at(-1)?.text ?? "") ?? [];
  return link;
}

/** The guest opens the link, and enters the code from the mail. */
async function confirmed(link: string) {
  const guest = outsider();
  await guest.get(`/guest?link=${link}`);
  await guest.post("/guest/code", { link });
  const [, code = ""] = /code is (\d{6})/.exec(server.to(lea.email).at(-1)?.text ?? "") ?? [];
  return { guest, page: await (await guest.submit("/guest/confirmation", { link, code })).text() };
}

test("a guest approves with a link and a code, and the record says how sure that is", async () => {
  const { digest } = await requested();
  const link = await invited();
  const { guest, page } = await confirmed(link);
  expect(page).toContain("Summer sale");
  expect(page).toContain("/sale/shoes");
  expect(page).toContain("https://beta.shop.example/sale");
  expect(page).not.toContain("/sites/");
  const done = await guest.submit("/guest/review", { decision: "approve", digest, comment: "Fine with us." });
  expect(await done.text()).toContain("You approved it.");
  const promotion = await (await as("ada").get("/sites/shop/promotions/1")).text();
  expect(promotion).toContain("a guest, confirmed by a code sent to l…@agency.example");
  expect(promotion).toContain("Fine with us.");
  const token = await w.token("viewer");
  const { approvals, state } = (await (await token.get("/sites/shop/promotions/1")).json()) as {
    state: string;
    approvals: object[];
  };
  expect(state).toBe("approved");
  expect(approvals).toMatchObject([{ person: "Léa of the agency", identity: "code sent to l…@agency.example" }]);
  const events = await w.db.selectFrom("events").select("details").execute();
  expect(JSON.stringify(events)).not.toContain("lea@agency.example");
  expect(await (await as("ada").get(guests)).text()).toContain("approved</span>");
});

test("a guest's approval is refused if the servers show something else by now", async () => {
  await using beta = await webSite({ "/sale": htmlPage("Sale", "<p>Half price</p>") });
  await serveAt(w, "beta", beta.base);
  const { digest } = await requested();
  await visit(w, "beta");
  const { guest, page } = await confirmed(await invited());
  const [, seen = ""] = /name="seen" value="(\w+)"/.exec(page) ?? [];
  beta.pages["/sale"] = htmlPage("Sale", "<p>Full price</p>");
  await visit(w, "beta");
  const refused = await guest.post("/guest/review", { decision: "approve", digest, seen });
  expect(refused.status).toBe(409);
  const again = await refused.text();
  expect(again).toContain("The servers show something else by now");
  const [, now = ""] = /name="seen" value="(\w+)"/.exec(again) ?? [];
  const done = await guest.submit("/guest/review", { decision: "approve", digest, seen: now });
  expect(await done.text()).toContain("You approved it.");
});

test("opening the link changes nothing and sends nothing, and without the code nothing of the site is shown", async () => {
  await requested();
  const link = await invited();
  const [mails, before] = [server.mails.length, await w.db.selectFrom("guests").selectAll().execute()];
  const guest = outsider();
  const page = await (await guest.get(`/guest?link=${link}`)).text();
  expect(page).toContain("l…@agency.example");
  expect(page).not.toMatch(/lea@agency|Summer sale|\/sale/);
  expect((await guest.get("/guest/review")).status).toBe(403);
  expect((await guest.post("/guest/review", { decision: "approve" })).status).toBe(403);
  expect((await guest.get("/sites/shop")).status).toBe(303);
  expect((await guest.get("/guest?link=unknown")).status).toBe(404);
  expect(server.mails).toHaveLength(mails);
  expect(await w.db.selectFrom("guests").selectAll().execute()).toEqual(before);
});

test("a code works for ten minutes and five tries, and codes run out", async () => {
  await requested();
  const link = await invited();
  const guest = outsider();
  const codeSent = async () => {
    expect((await guest.post("/guest/code", { link })).status).toBe(200);
    return /code is (\d{6})/.exec(server.to(lea.email).at(-1)?.text ?? "")?.[1] ?? "";
  };
  const code = await codeSent();
  const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, "0");
  for (let i = 0; i < 5; i++) {
    const refused = await guest.post("/guest/confirmation", { link, code: wrong });
    expect(refused.status).toBe(422);
    expect(await refused.text()).toContain("This is not the code that was sent.");
  }
  const blocked = await guest.post("/guest/confirmation", { link, code });
  expect(await blocked.text()).toContain("entered wrongly too often");
  const second = await codeSent();
  later(10 * 60_000);
  expect(await (await guest.post("/guest/confirmation", { link, code: second })).text()).toContain(
    "The code has expired.",
  );
  for (let i = 0; i < 8; i++) await codeSent();
  expect(await (await guest.post("/guest/code", { link })).text()).toContain("Too many codes were sent");
});

test("administrators see when a guest was let in, and wrong codes, with their source", async () => {
  await requested();
  const link = await invited();
  await outsider().post("/guest/confirmation", { link, code: "000000" }, { "user-agent": "curl/8.5" });
  await confirmed(link);

  const log = await (await as("iris").get("/sites/shop/settings/security")).text();
  expect(log).toMatch(/Léa of the agency.*Signed in as a guest, with a code.*Léa of the agency.*Wrong code.*curl/s);
  const events = await w.db.selectFrom("security_events").selectAll().execute();
  expect(JSON.stringify(events)).not.toMatch(/lea@|000000/);
});

test("over https the guest's cookie is bound to the host, and so is that of notices", async () => {
  await requested();
  const link = await invited();
  const mailer = createMailer({ url: server.url, from: "sitebook@example.test" });
  const secure = createApp(w.db, { baseUrl: "https://sitebook.test", now: () => new Date(w.clock.at), mailer });
  const guest = browser(secure, w.db, undefined, w.clock);
  const origin = { origin: "https://sitebook.test" };
  await guest.post("/guest/code", { link }, origin);
  const [, code = ""] = /code is (\d{6})/.exec(server.to(lea.email).at(-1)?.text ?? "") ?? [];
  const entered = await guest.post("/guest/confirmation", { link, code }, origin);
  const attributes = "; Path=/; HttpOnly; Secure; SameSite=Lax";
  expect(entered.headers.getSetCookie()).toEqual([
    expect.stringMatching(new RegExp(`^__Host-sitebook-guest=[\\w-]{43}${attributes}$`)),
  ]);
  expect(await (await guest.get("/guest/review")).text()).toContain("Summer sale");

  const signedOut = await guest.post("/sign-out", {}, origin);
  expect(signedOut.headers.getSetCookie().at(-1)).toMatch(/^__Host-flash=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  expect(await (await guest.get("/sign-in")).text()).toContain("You are signed out.");
});

test("an invitation ends when it is withdrawn, and after two weeks", async () => {
  const { digest } = await requested();
  const link = await invited();
  const { guest } = await confirmed(link);
  const [, withdraw = ""] = /action="([^"]+\/revocation)"/.exec(await (await as("ada").get(guests)).text()) ?? [];
  expect((await as("vera").post(withdraw)).status).toBe(403);
  expect(await (await as("ada").submit(withdraw)).text()).toContain("is withdrawn");
  expect((await guest.post("/guest/review", { decision: "approve", digest })).status).toBe(403);
  expect(await (await outsider().get(`/guest?link=${link}`)).text()).toContain("This invitation was withdrawn.");
  const second = await invited({ ...lea, email: "max@agency.example" });
  later(14 * 24 * 3_600_000);
  expect(await (await outsider().get(`/guest?link=${second}`)).text()).toContain("This invitation has expired.");
});

test("a session ends after two hours", async () => {
  await requested();
  const { guest } = await confirmed(await invited());
  later(2 * 3_600_000);
  const ended = await guest.get("/guest/review");
  expect(ended.status).toBe(403);
  expect(await ended.text()).toContain("Open the link in your mail again.");
});

test("guests are invited only where the gate is open to them, by those who request promotions", async () => {
  await requested([]);
  const refused = await as("ada").post(guests, lea);
  expect(refused.status).toBe(409);
  expect(await refused.text()).toContain("The gate of demo is not open to guests.");
  expect((await as("vera").post(guests, lea)).status).toBe(403);
  expect((await as("oskar").get(guests)).status).toBe(404);
  expect(await w.db.selectFrom("guests").selectAll().execute()).toEqual([]);
});

test("an invitation says what is wrong beside its field, and nobody is invited twice", async () => {
  await requested();
  const refused = await as("ada").post(guests, { name: "", email: "lea", role: "marketing" });
  expect(refused.status).toBe(422);
  const page = await refused.text();
  for (const sentence of [
    "Enter a name.",
    "Enter an e-mail address like",
    "Select a role that is open to guests: tester.",
  ])
    expect(page).toContain(sentence);
  await invited();
  expect(await (await as("ada").post(guests, lea)).text()).toContain("This guest is invited already.");
});

test("without a mail server nobody can be invited, as no code could be sent", async () => {
  await requested();
  const page = await w.as("ada").post(guests, lea);
  expect(page.status).toBe(409);
  expect(await page.text()).toContain("no mail server is set up");
});

test("a rejecting guest has to say why, and one rejection ends the promotion", async () => {
  const { digest } = await requested();
  const { guest } = await confirmed(await invited());
  const refused = await guest.post("/guest/review", { decision: "reject", digest, comment: "" });
  expect(refused.status).toBe(422);
  await guest.submit("/guest/review", { decision: "reject", digest, comment: "The prices are wrong." });
  expect(await (await guest.post("/guest/review", { decision: "approve", digest })).text()).toContain("was rejected");
  expect(await (await as("ada").get("/sites/shop/promotions/1")).text()).toContain("The prices are wrong.");
});

test("a guest who changes their mind is listed once, with the last decision", async () => {
  const { digest } = await requested();
  const { guest } = await confirmed(await invited());
  await guest.submit("/guest/review", { decision: "approve", digest });
  later(1000);
  await guest.submit("/guest/review", { decision: "reject", digest, comment: "The prices are wrong." });
  const page = await (await as("ada").get(guests)).text();
  expect(page.split("<bdi>Léa of the agency</bdi>")).toHaveLength(2);
  expect(page).toContain("rejected</span>");
  expect(page).not.toContain("approved</span>");
});

test("a guest whose approval has expired has not decided, and can approve again", async () => {
  const rules = { guest_roles: ["tester"], requirements: [{ role: "tester", count: 1 }], approval_days: 1 };
  await setGate(w, "demo", rules);
  await w.record("beta", ["/sale v1"]);
  const { id, digest } = await w.ask((await w.release("Summer sale", ["/sale"])).number, "demo");
  const link = await invited();
  await (await confirmed(link)).guest.submit("/guest/review", { decision: "approve", digest });
  later(25 * 3_600_000);
  await expireApprovals(w.db, { site_id: w.site.id, ref: id } as Job, w.clock.at);
  expect(await (await as("ada").get(guests)).text()).toContain("confirmed the code, has not decided");
  const { guest, page } = await confirmed(link);
  expect(page).not.toContain("You approved it.");
  expect(await (await guest.submit("/guest/review", { decision: "approve", digest })).text()).toContain(
    "You approved it.",
  );
});

test("nobody decides twice, or on what they requested, by being a guest", async () => {
  await requested();
  for (const email of ["Ada@example.test", "theo@example.test"]) {
    const refused = await as("ada").post(guests, { ...lea, email });
    expect([refused.status, await refused.text()]).toEqual([
      422,
      expect.stringContaining("This person has a role on this site, so they cannot be a guest."),
    ]);
  }
  expect((await as("ada").post(guests, { ...lea, email: "oskar@example.test" })).status).toBe(201);
});

test("a guest who has approved is not invited again, also once the invitation was withdrawn", async () => {
  await setGate(w, "demo", { guest_roles: ["tester"], requirements: [{ role: "tester", count: 2 }] });
  await w.record("beta", ["/sale v1"]);
  const { digest } = await w.ask((await w.release("Summer sale", ["/sale"])).number, "demo");
  const { guest } = await confirmed(await invited());
  await guest.submit("/guest/review", { decision: "approve", digest });
  const [, withdraw = ""] = /action="([^"]+\/revocation)"/.exec(await (await as("ada").get(guests)).text()) ?? [];
  await as("ada").submit(withdraw);
  const again = await as("ada").post(guests, lea);
  expect([again.status, await again.text()]).toEqual([
    422,
    expect.stringContaining("This guest has already approved this promotion."),
  ]);
});

test("of many requests for a code at the same time, ten are sent", async () => {
  await requested();
  const link = await invited();
  const guest = outsider();
  const asked = await Promise.all(Array.from({ length: 15 }, () => guest.post("/guest/code", { link })));
  const statuses = Map.groupBy(asked, ({ status }) => status);
  expect([statuses.get(200)?.length, statuses.get(409)?.length]).toEqual([10, 5]);
});

test("where the gate needs a fresh sign-in, a guest enters a new code first", async () => {
  const fresh = { guest_roles: ["tester"], requirements: [{ role: "tester", count: 1 }], fresh_sign_in: true };
  await setGate(w, "demo", fresh);
  await w.record("beta", ["/sale v1"]);
  const { digest } = await w.ask((await w.release("Summer sale", ["/sale"])).number, "demo");
  const link = await invited();
  const { guest } = await confirmed(link);
  later(16 * 60_000);
  const refused = await guest.post("/guest/review", { decision: "approve", digest });
  expect([refused.status, await refused.text()]).toEqual([
    409,
    expect.stringContaining("open the link in your mail again, and enter a new code"),
  ]);
  const again = await confirmed(link);
  const done = await again.guest.submit("/guest/review", { decision: "approve", digest });
  expect(await done.text()).toContain("You approved it.");
});
