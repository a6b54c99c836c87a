import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { whyNotPasskeysAt } from "../src/people/passkey-rules.ts";
import { addMs } from "../src/time/add.ts";
import { authenticator, type Options } from "./support/authenticator.ts";
import { setGate } from "./support/gates.ts";
import { administersAll } from "./support/sign-on.ts";
import { browser, type Name, type World, world } from "./support/world.ts";

const origin = "http://localhost:3000";

let w: World;
let app: ReturnType<typeof createApp>;
beforeEach(async () => {
  w = await world();
  app = appAt(origin);
});
afterEach(() => w.close());

const appAt = (baseUrl: string) =>
  createApp(w.db, {
    baseUrl,
    now: () => new Date(w.clock.at),
    address: (request) => request.headers.get("x-test-address") ?? "",
  });
const as = (name: Name) => browser(app, w.db, w.people[name], w.clock);
const nobody = () => browser(app, w.db, undefined, w.clock);
type Browser = ReturnType<typeof browser>;
type Device = ReturnType<typeof authenticator>;

const later = (minutes: number) => {
  w.clock.at = addMs(w.clock.at, minutes * 60_000);
};

const optionsFrom = async (own: Browser, path: string) =>
  (await own.post(`${path}/challenge`)).json() as Promise<Options>;

/** Adds a passkey. Returns the device that keeps it. */
async function add(own: Browser, name = "Laptop"): Promise<Device> {
  const device = authenticator(origin);
  const credential = device.create(await optionsFrom(own, "/account/passkeys"));
  expect((await own.post("/account/passkeys", { name, credential })).status).toBe(303);
  return device;
}

/** Signs in with a passkey, in a browser of its own. */
async function signIn(device: Device, { own = nobody(), next = "/", fault = {} } = {}) {
  const credential = device.get(await optionsFrom(own, "/passkey"), fault);
  return { own, credential, answer: await own.post("/passkey", { credential, next }) };
}

const eventsOf = async (name: Name) =>
  [...(await (await as(name).get("/account/security")).text()).matchAll(/<td[^>]*><bdi>(.*?)<\/bdi>/g)].map(
    ([, sentence]) => sentence,
  );

describe("a person", () => {
  test("adds a passkey, and signs in with it: no password and no code is asked for", async () => {
    expect(await (await nobody().get("/sign-in")).text()).not.toContain("passkey");
    const vera = as("vera");
    const device = await add(vera);
    await w.db
      .insertInto("two_factor")
      .values({ person_id: w.people.vera.id, sealed_secret: "sealed", last_step: 1, confirmed_at: w.clock.at })
      .execute();
    later(60);
    expect(await (await nobody().get("/sign-in")).text()).toContain("Sign in with a passkey");

    const { own, answer } = await signIn(device, { next: "/sites/shop/history" });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/sites/shop/history"]);
    const page = await (await own.get("/account/passkeys")).text();
    expect(page).toMatch(/Laptop.*3 Mar.*11:00/s);
    expect(await eventsOf("vera")).toEqual(["Signed in with the passkey Laptop", "Passkey Laptop added"]);
  });

  test("adds no passkey without a name, and none in a browser that was left open", async () => {
    const vera = as("vera");
    const device = authenticator(origin);
    const credential = device.create(await optionsFrom(vera, "/account/passkeys"));
    const unnamed = await vera.post("/account/passkeys", { name: " ", credential });
    expect([unnamed.status, await unnamed.text()]).toEqual([422, expect.stringContaining("Enter a name.")]);
    later(16);
    const sentence = "To add or remove passkeys, sign in again first";
    expect(await optionsFrom(vera, "/account/passkeys")).toEqual({ refused: expect.stringContaining(sentence) });
    const late = await vera.post("/account/passkeys", { name: "Laptop", credential });
    expect([late.status, await late.text()]).toEqual([409, expect.stringContaining(sentence)]);
    expect(await (await vera.get("/account/passkeys?site=shop")).text()).toContain(
      "/sign-in?again=1&amp;next=%2Faccount%2Fpasskeys%3Fsite%3Dshop",
    );
    expect(await w.db.selectFrom("passkeys").select("id").execute()).toEqual([]);
  });

  test("removes a passkey, with which nobody signs in then", async () => {
    const vera = as("vera");
    const device = await add(vera);
    const { id } = await w.db.selectFrom("passkeys").select("id").executeTakeFirstOrThrow();
    expect((await as("theo").post(`/account/passkeys/${id}/removal`)).status).toBe(404);
    later(16);
    expect((await vera.post(`/account/passkeys/${id}/removal`)).status).toBe(409);
    const page = await (await as("vera").submit(`/account/passkeys/${id}/removal`)).text();
    expect(page).toContain("Passkey Laptop removed.");
    const { answer } = await signIn(device);
    expect([answer.status, await answer.text()]).toEqual([401, expect.not.stringContaining("Signed in")]);
    expect(await eventsOf("vera")).toEqual(["Passkey Laptop removed", "Passkey Laptop added"]);
  });

  test("keeps the last way to sign in", async () => {
    await add(as("vera"), "Laptop");
    await add(as("vera"), "Telephone");
    await w.db.updateTable("people").set({ password: null }).where("id", "=", w.people.vera.id).execute();
    const ids = (await w.db.selectFrom("passkeys").select("id").execute()).map(({ id }) => id);
    const answers = await Promise.all(ids.map((id) => as("vera").post(`/account/passkeys/${id}/removal`)));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([303, 409]);
    expect(await (await as("vera").get("/account/passkeys")).text()).toContain("This is your only way to sign in.");
    expect((await as("iris").get(`/sites/shop/settings/people/${w.people.vera.id}`)).status).toBe(200);
  });

  test("loses the passkeys with the account", async () => {
    const device = await add(as("vera"));
    await as("vera").post("/account/closing", { password: "correct horse battery" });
    expect((await signIn(device)).answer.status).toBe(401);
    expect(await w.db.selectFrom("passkeys").select("id").execute()).toEqual([]);
  });
});

test("a gate that needs a fresh sign-in takes a passkey", async () => {
  await setGate(w, "demo", { requirements: [{ role: "tester", count: 1 }], fresh_sign_in: true });
  await w.record("beta", ["/sale v1"]);
  const { digest } = await w.ask((await w.release("Spring")).number, "demo");
  const theo = as("theo");
  const device = await add(theo);
  later(16);
  const [page, decision] = ["/sites/shop/promotions/1", { decision: "approve", digest, anyway: "1" }];
  expect((await theo.post(`${page}/approvals`, decision)).status).toBe(409);
  expect(await (await theo.get(`/sign-in?again=1&next=${page}`)).text()).toContain("Sign in with a passkey");
  expect((await signIn(device, { own: theo, next: page })).answer.headers.get("location")).toBe(page);
  expect((await theo.post(`${page}/approvals`, decision)).status).toBe(303);
});

describe("refused is", () => {
  const refusedWith = async (sentence: string, answer: Response) => {
    expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining(sentence)]);
  };
  const invalid = "The passkey could not be checked.";

  test.each([
    ["of another origin", { origin: "http://localhost:3001" }],
    ["for another host", { rpId: "elsewhere.test" }],
    ["of a device that was not unlocked", { unverified: true }],
  ])("an answer %s, at sign-in and when one is added", async (_, fault) => {
    const device = await add(as("vera"));
    await refusedWith(invalid, (await signIn(device, { fault })).answer);
    expect(await eventsOf("vera")).toContain("Passkey refused: Laptop, not valid");

    const vera = as("vera");
    const credential = authenticator(origin).create(await optionsFrom(vera, "/account/passkeys"), fault);
    const answer = await vera.post("/account/passkeys", { name: "Other", credential });
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining("could not be checked")]);
  });

  test("a passkey that counts less than before, as a copy does", async () => {
    const device = await add(as("vera"));
    expect((await signIn(device, { fault: { counter: 7 } })).answer.status).toBe(303);
    await refusedWith("there may be a copy of it", (await signIn(device, { fault: { counter: 7 } })).answer);
    expect(await eventsOf("vera")).toContain("Passkey refused: Laptop, possibly copied");
    expect((await signIn(device, { fault: { counter: 4_000_000_000 } })).answer.status).toBe(303);
  });

  test("nothing of a device that does not count", async () => {
    const device = authenticator(origin);
    const vera = as("vera");
    const credential = device.create(await optionsFrom(vera, "/account/passkeys"), { counter: 0 });
    await vera.post("/account/passkeys", { name: "Synced", credential });
    for (let i = 0; i < 2; i++) expect((await signIn(device, { fault: { counter: 0 } })).answer.status).toBe(303);
  });

  test("an answer that is sent twice, late, or from another browser", async () => {
    const device = await add(as("vera"));
    const { own, credential, answer } = await signIn(device);
    expect(answer.status).toBe(303);
    const tooLong = "That took too long, or was sent twice.";
    await refusedWith(tooLong, await own.post("/passkey", { credential }));

    const slow = nobody();
    const late = device.get(await optionsFrom(slow, "/passkey"));
    later(5);
    await refusedWith(tooLong, await slow.post("/passkey", { credential: late }));

    const [victim, other] = [nobody(), nobody()];
    const stolen = device.get(await optionsFrom(victim, "/passkey"));
    await optionsFrom(other, "/passkey");
    await refusedWith(invalid, await other.post("/passkey", { credential: stolen }));
  });

  test("one answer in two requests at the same time, but once", async () => {
    const device = await add(as("vera"));
    const own = nobody();
    const credential = device.get(await optionsFrom(own, "/passkey"));
    const answers = await Promise.all([own.post("/passkey", { credential }), own.post("/passkey", { credential })]);
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([303, 401]);
  });

  test("a challenge of somebody else, or of a sign-in, for a new passkey", async () => {
    const vera = as("vera");
    const device = authenticator(origin);
    await optionsFrom(vera, "/account/passkeys");
    const options = await optionsFrom(vera, "/passkey");
    const user = { id: Buffer.from(w.people.vera.id).toString("base64url") };
    const credential = device.create({ ...options, rp: { id: "localhost" }, user });
    expect((await vera.post("/account/passkeys", { name: "Laptop", credential })).status).toBe(422);
  });

  test.each(["", "{", "[]", "null", '{"id":"x"}', '{"id":1}', `{"id":"${"x".repeat(5000)}"}`])(
    "what is no answer: %s",
    async (credential) => {
      const own = nobody();
      await optionsFrom(own, "/passkey");
      expect((await own.post("/passkey", { credential })).status).toBe(401);
      const vera = as("vera");
      await optionsFrom(vera, "/account/passkeys");
      expect((await vera.post("/account/passkeys", { name: "Laptop", credential })).status).toBe(422);
    },
  );

  test("what is known, but not signed as it should be", async () => {
    const device = await add(as("vera"));
    const own = nobody();
    const answer = JSON.parse(device.get(await optionsFrom(own, "/passkey"))) as { response: object };
    for (const broken of [{}, { ...answer.response, signature: "AAAA" }, { ...answer.response, userHandle: "AAAA" }]) {
      await optionsFrom(own, "/passkey");
      await refusedWith(
        invalid,
        await own.post("/passkey", { credential: JSON.stringify({ ...answer, response: broken }) }),
      );
    }
  });

  test("a hundred and first challenge for one address, until the others have expired", async () => {
    const ask = () => nobody().post("/passkey/challenge", {}, { "x-test-address": "192.0.2.1" });
    for (let i = 0; i < 100; i++) expect((await ask()).status).toBe(200);
    const refused = await ask();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "300"]);
    later(5);
    expect((await ask()).status).toBe(200);
    expect(await w.db.selectFrom("passkey_challenges").select("hash").execute()).toHaveLength(1);
  });
});

test("where passwords are switched off so are passkeys, but not those of administrators", async () => {
  const [vera, iris] = [await add(as("vera")), await add(as("iris"))];
  await administersAll(w, "iris");
  const provider = {
    name: "Okta",
    slug: "okta",
    issuer: "https://okta.test",
    client_id: "sitebook",
    secret: "a secret",
  };
  await as("iris").post("/settings/sign-in", provider);
  await as("iris").post("/settings/sign-in/passwords", { passwords: "administrators" });

  const { answer } = await signIn(vera);
  expect([answer.status, await answer.text()]).toEqual([
    403,
    expect.stringContaining("Passkeys are switched off. Sign in with Okta."),
  ]);
  expect(await (await as("vera").get("/account/passkeys")).text()).toContain("Passkeys are switched off.");
  expect(await optionsFrom(as("vera"), "/account/passkeys")).toEqual({
    refused: "Passkeys are switched off. Sign in with Okta.",
  });
  expect((await signIn(iris)).answer.status).toBe(303);
});

test("passkeys need HTTPS or this machine, and a host name", async () => {
  for (const address of ["https://sitebook.example.com", "http://localhost:3000"])
    expect(whyNotPasskeysAt(address)).toBeUndefined();
  expect(whyNotPasskeysAt("http://sitebook.example.com")).toContain("Passkeys need HTTPS");
  for (const address of ["https://192.0.2.1", "http://[::1]:3000"])
    expect(whyNotPasskeysAt(address)).toContain("Passkeys belong to a host name");
  await add(as("vera"));
  app = appAt("http://sitebook.test");
  expect(await (await as("vera").get("/account/passkeys")).text()).toContain("Passkeys need HTTPS");
  expect(await (await nobody().get("/sign-in")).text()).not.toContain("passkey");
  expect((await nobody().post("/passkey/challenge")).status).toBe(409);
});
