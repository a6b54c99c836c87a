import { afterEach, beforeEach, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { createMailer } from "../src/mail/mailer.ts";
import { machine, stranger } from "./support/api.ts";
import { setGate } from "./support/gates.ts";
import { type MailServer, mailServer } from "./support/mail-server.ts";
import { type World, world } from "./support/world.ts";

let w: World;
let server: MailServer;
beforeEach(async () => {
  [w, server] = await Promise.all([world(), mailServer()]);
  await setGate(w, "demo", { guest_roles: ["tester"], requirements: [{ role: "tester", count: 1 }] });
  await w.record("beta", ["/sale v1"]);
  await w.ask((await w.release("Summer sale", ["/sale"])).number, "demo");
});
afterEach(() => Promise.all([w.close(), server.close()]));

const path = "/sites/shop/promotions/1/guests";
const lea = { name: "Léa", email: "Lea@agency.example", role: "tester" };

/** The application with a mail server, for a machine with this role. */
async function mailing(role: string, url = server.url) {
  const mailer = createMailer({ url, from: "Sitebook <sitebook@example.test>" }, { timeoutMs: 2_000 });
  const app = createApp(w.db, { baseUrl: "http://sitebook.test", now: () => new Date(w.clock.at), mailer });
  const client = await machine({ ...w, app }, role);
  const headers = { "content-type": "application/json" };
  return {
    ...client,
    post: (path: string, body: object) => client.send(path, { method: "POST", headers, body: JSON.stringify(body) }),
  };
}

const guestEvents = async () =>
  (await w.db.selectFrom("events").select("action").where("action", "like", "guest%").orderBy("seq").execute()).map(
    ({ action }) => action,
  );

test("a program invites a guest, who is mailed the link that the answer has once", async () => {
  const ci = await mailing("account-manager");
  const { status, body } = await ci.post(path, lea);
  expect([status, body.mail_error]).toEqual([201, null]);
  expect(body).toMatchObject({ name: "Léa", email: "lea@agency.example", expires_at: "2026-03-17T10:00:00.000Z" });
  expect(server.to("lea@agency.example").at(-1)?.text).toContain(body.link);
  expect((await w.app.request(body.link)).status).toBe(200);
  const { body: list } = await (await machine(w, "viewer")).get(path);
  expect(list.items).toMatchObject([{ id: body.id, invited_by: "account-manager token", decision: null }]);
  expect(JSON.stringify(list)).not.toContain(body.link.split("=")[1]);
});

test("an invitation is refused with its sentence, and a repeated one invites nobody twice", async () => {
  const ci = await mailing("account-manager");
  const wrong = await ci.post(path, { ...lea, email: "lea", role: "marketing" });
  expect([wrong.status, wrong.body.errors]).toEqual([
    422,
    [
      { path: "email", message: expect.stringContaining("e-mail address") },
      { path: "role", message: "Select a role that is open to guests: tester." },
    ],
  ]);
  expect((await ci.post(path, lea)).status).toBe(201);
  const again = await ci.post(path, lea);
  expect([again.status, again.body.detail]).toEqual([422, "This guest is invited already."]);
  expect(await guestEvents()).toEqual(["guest_invited"]);
  expect((await ci.post(path.replace("1", "9"), lea)).status).toBe(404);
  const withoutMail = await (await machine(w, "account-manager")).post(path, lea);
  expect([withoutMail.status, withoutMail.body.detail]).toEqual([409, expect.stringContaining("no mail server")]);
});

test("the answer says that the mail could not be sent, and the link works", async () => {
  const { port } = new URL(server.url);
  await server.close();
  const ci = await mailing("account-manager", `smtp://127.0.0.1:${port}`);
  const { status, body } = await ci.post(path, lea);
  expect([status, body.mail_error]).toEqual([201, expect.stringContaining("ECONNREFUSED")]);
  expect((await w.app.request(body.link)).status).toBe(200);
});

test("an invitation is withdrawn once, and its link opens nothing", async () => {
  const ci = await mailing("account-manager");
  const { body } = await ci.post(path, lea);
  for (let i = 0; i < 2; i++)
    expect(await ci.post(`${path}/${body.id}/revocation`, {})).toMatchObject({
      status: 201,
      body: { id: body.id, name: "Léa" },
    });
  expect(await guestEvents()).toEqual(["guest_invited", "guest_revoked"]);
  expect((await w.app.request(body.link)).status).toBe(403);
  expect((await ci.post(`${path}/${w.people.mara.id}/revocation`, {})).status).toBe(404);
});

test("who may not request promotions invites and withdraws nobody, and a stranger finds nothing", async () => {
  const tester = await machine(w, "tester");
  expect((await tester.post(path, lea)).status).toBe(403);
  expect((await tester.post(`${path}/${w.people.mara.id}/revocation`, {})).status).toBe(403);
  const other = await stranger(w);
  expect((await other.get(path)).status).toBe(404);
  expect((await other.post(path, lea)).status).toBe(404);
  expect(await guestEvents()).toEqual([]);
});
