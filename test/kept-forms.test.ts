import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { serveAt, visit } from "./support/visits.ts";
import { htmlPage, webSite } from "./support/web-site.ts";
import { type Name, password, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

type Browser = ReturnType<World["as"]>;
type Fields = Record<string, string | string[]>;

const signIn = (browser: Browser, name: Name, next = "/") =>
  browser.post("/sign-in", { email: `${name}@example.test`, password, next });
const signedIn = async (name: Name) => {
  const browser = w.as("nobody");
  await signIn(browser, name);
  return browser;
};
const endSessions = () => w.db.deleteFrom("sessions").execute();
const locationOf = (answer: Response) => answer.headers.get("location") ?? "";
const nextOf = (answer: Response) => new URLSearchParams(locationOf(answer).split("?")[1]).get("next") ?? "";
const hours = (n: number) => {
  w.clock.at = new Date(Date.parse(w.clock.at) + n * 3_600_000).toISOString();
};
const keptRows = () => w.db.selectFrom("kept_forms").selectAll().execute();
const events = async () => (await w.db.selectFrom("events").select("seq").execute()).length;

/** Sends a form as a browser does: with the person it was shown to, its page, and its length. */
function send(browser: Browser, shownTo: Name, page: string, path: string, fields: Fields, headers = {}) {
  const form = { shown_to: w.people[shownTo].id, ...fields };
  const more = { referer: `http://sitebook.test${page}`, "content-length": "1000", accept: "text/html,*/*;q=0.8" };
  return browser.post(path, form, { ...more, ...headers });
}

const record = { environment: "beta", when: "", note: "A note to keep", source: "", lines: "/sale v2", key: "k1" };
const recordPage = "/sites/shop/deployments/new";
const sendRecord = (browser: Browser, shownTo: Name, fields: Fields = {}) =>
  send(browser, shownTo, recordPage, "/sites/shop/deployments", { ...record, ...fields });
const deployments = () => w.db.selectFrom("deployments").select(["number", "note"]).orderBy("number").execute();

describe("every form that is posted", () => {
  test("carries the person it was shown to, and forms of the address bar do not", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Sale");
    await w.ask(1, "demo");
    const paths = ["", "/deployments/new", "/releases/new", "/releases/1", "/promotions/1", "/settings/people"];
    for (const path of [...paths.map((path) => `/sites/shop${path}`), "/account", "/sites"]) {
      const text = await (await w.as("iris").get(path)).text();
      for (const [form] of text.matchAll(/<form\b.*?<\/form>/gs))
        expect(form.includes(`name="shown_to" value="${w.people.iris.id}"`), form).toBe(/ method="post"/.test(form));
    }
  });
});

describe("a form left open while somebody else signs in in another tab", () => {
  test("is refused and kept, and shown filled once its person is back", async () => {
    const browser = await signedIn("cleo");
    await signIn(browser, "ada");
    const answer = await sendRecord(browser, "cleo");

    const refused = await browser.get(locationOf(answer));
    expect(refused.status).toBe(409);
    const text = await refused.text();
    expect(text).toContain("This form was shown to Cleo, but Ada is signed in now. Nothing was recorded.");
    expect(text, "Ada is not shown it").not.toContain("A note to keep");
    expect(await deployments()).toEqual([]);

    const [, next = ""] = /name="next" value="([^"]+)"/.exec(text) ?? [];
    const signOut = await send(browser, "ada", locationOf(answer), "/sign-out", { next });
    await browser.get(locationOf(signOut));
    const back = await signIn(browser, "cleo", nextOf(signOut));
    const form = await (await browser.get(locationOf(back))).text();
    expect(form).toContain("Somebody else was signed in when this was sent. Nothing was recorded.");
    expect(form).toContain('value="A note to keep"');
  });

  test("has what servers show by now, if it is an approval", async () => {
    await using beta = await webSite({ "/sale": htmlPage("Sale", "<p>Half price</p>") });
    await serveAt(w, "beta", beta.base);
    await w.record("beta", ["/sale v1"]);
    await w.release("Sale");
    const { digest } = await w.ask(1, "demo");
    await visit(w, "beta");
    const browser = await signedIn("theo");
    const page = "/sites/shop/promotions/1";
    const seenIn = (html: string) => /name="seen" value="(\w+)"/.exec(html)?.[1] ?? "";
    const seen = seenIn(await (await browser.get(page)).text());
    beta.pages["/sale"] = htmlPage("Sale", "<p>Full price</p>");
    await visit(w, "beta");
    await endSessions();
    const fields = { decision: "approve", digest, seen, comment: "As agreed" };
    const answer = await send(browser, "theo", page, `${page}/approvals`, fields);

    const back = await signIn(browser, "theo", nextOf(answer));
    const form = await (await browser.get(locationOf(back))).text();
    expect(form).toContain("As agreed");
    expect(form).toContain("The servers show something else by now than what was shown to you.");
    const approval = { ...fields, seen: seenIn(form), anyway: "1" };
    expect((await send(browser, "theo", page, `${page}/approvals`, approval)).status).toBe(303);
    expect(await w.db.selectFrom("approvals").select("decision").execute()).toEqual([{ decision: "approve" }]);
  });

  test.each<[string, string, Fields]>([
    ["an approval", "/sites/shop/promotions/1/approvals", { decision: "approve" }],
    ["a cancellation", "/sites/shop/promotions/1/cancellation", { reason: "No" }],
    ["a new name of the site", "/sites/shop/settings", { name: "X", time_zone: "UTC" }],
    ["an invitation", "/sites/shop/settings/people", { name: "Lena", email: "l@example.test", roles: ["viewer"] }],
    ["a new site", "/sites", { "site.name": "X", "site.slug": "x", "site.time_zone": "UTC" }],
    ["a new name", "/account/name", { name: "Cleopatra" }],
  ])("%s does nothing", async (_, path, fields) => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Sale");
    const { digest } = await w.ask(1, "demo");
    const browser = await signedIn("theo");
    await signIn(browser, "iris");
    const before = await events();

    const answer = await send(browser, "theo", "/sites", path, { digest, ...fields });

    expect((await browser.get(locationOf(answer))).status).toBe(409);
    expect(await events()).toBe(before);
    expect((await w.db.selectFrom("people").select("name").where("name", "=", "Cleopatra").execute()).length).toBe(0);
  });

  test("is refused with a sentence if it cannot be kept: another browser, or a password", async () => {
    const sentence = "This page was shown to somebody else, and Ada is signed in now. Nothing was recorded.";
    const other = await sendRecord(w.as("ada"), "cleo");
    expect([other.status, await other.text()]).toEqual([409, expect.stringContaining(sentence)]);

    const browser = await signedIn("cleo");
    await signIn(browser, "ada");
    const passwords = { current: password, password: "a new password", again: "a new password" };
    const refused = await send(browser, "cleo", "/account", "/account/password", passwords, { accept: "*/*" });
    expect([refused.status, await refused.text()]).toEqual([409, expect.stringContaining(sentence)]);
    const address = { email: "cleo@new.test", email_password: password };
    expect((await send(browser, "cleo", "/account", "/account/address", address, { accept: "*/*" })).status).toBe(409);
    expect(await deployments()).toEqual([]);
  });

  test("sent by htmx, leads to a page that says so", async () => {
    const browser = await signedIn("theo");
    await signIn(browser, "ada");
    const htmx = { "hx-request": "true" };
    const answer = await send(browser, "theo", "/sites/shop", "/sites/shop", {}, htmx);
    expect([answer.status, answer.headers.get("hx-redirect")]).toEqual([
      401,
      expect.stringMatching(/^\/sites\/shop\?kept=/),
    ]);
  });
});

describe("a form sent after the session ended", () => {
  const notice = "You were signed out before this was sent. Nothing was recorded.";
  /** Sends a form without a session, signs in again, and opens where that leads. */
  const sendAndReturn = async (
    browser: Browser,
    name: Name,
    [page, path, fields]: [string, string, Fields],
    again: Name = name,
  ) => {
    await endSessions();
    const answer = await send(browser, name, page, path, fields);
    const signInPage = await (await browser.get(locationOf(answer))).text();
    expect(signInPage).toContain(notice);
    const back = await signIn(browser, again, nextOf(answer));
    return browser.get(locationOf(back));
  };

  test("is there again after signing in, filled, and can be sent", async () => {
    const cleo = await signedIn("cleo");
    const page = await sendAndReturn(cleo, "cleo", [recordPage, "/sites/shop/deployments", record]);

    const text = await page.text();
    expect(text).toContain(notice);
    expect(text).toContain('value="A note to keep"');
    expect(text).toContain("\n/sale v2</textarea>");
    expect(await deployments()).toEqual([]);

    const [row] = await keptRows();
    await send(cleo, "cleo", `${recordPage}?kept=${row?.id}`, "/sites/shop/deployments", record);
    expect(await deployments()).toEqual([{ number: 1, note: "A note to keep" }]);
    expect(await keptRows(), "it is no longer unsent").toEqual([]);
  });

  test("has its 10,000 lines again", async () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => `page /a/rather/long/path/to/page-${i} v${i}`).join("\n");
    const page = await sendAndReturn(await signedIn("cleo"), "cleo", [
      recordPage,
      "/sites/shop/deployments",
      { ...record, lines },
    ]);
    expect(await page.text()).toContain("page /a/rather/long/path/to/page-9999 v9999");
  });

  test("keeps a comment and the ticks of a promotion, and does not decide", async () => {
    await w.record("beta", ["/sale v1", "/about v1"]);
    await w.release("Sale");
    const { digest } = await w.ask(1, "demo");
    const { id } = await w.db.selectFrom("artifacts").select("id").where("key", "=", "/sale").executeTakeFirstOrThrow();
    const decision = { decision: "reject", digest, comment: "The price is wrong", shown: [id], looked: [id] };
    const theo = await signedIn("theo");
    const promotion = "/sites/shop/promotions/1";
    const page = await sendAndReturn(theo, "theo", [promotion, `${promotion}/approvals`, decision]);

    const text = await page.text();
    expect(text).toContain(notice);
    expect(text).toContain("\nThe price is wrong</textarea>");
    expect(text).toMatch(new RegExp(`name="looked" value="${id}"[^>]* checked`));
    expect(await w.db.selectFrom("approvals").selectAll().execute()).toEqual([]);
    expect(await w.db.selectFrom("looks").selectAll().execute()).toEqual([]);
  });

  test.each<[string, Name, string, string, Fields, string]>([
    [
      "a release",
      "ada",
      "/releases/new",
      "/releases",
      { name: "March", notes: "Kept", from: "beta", to: "demo", line: "page /sale v1" },
      "\nKept</textarea>",
    ],
    [
      "an invitation",
      "iris",
      "/settings/people",
      "/settings/people",
      { name: "Lena", email: "lena@example.test", roles: ["viewer"] },
      'value="Lena"',
    ],
    [
      "a token",
      "iris",
      "/settings/tokens",
      "/settings/tokens",
      { name: "Build", until: "", roles: ["contributor"] },
      'value="Build"',
    ],
    [
      "a new environment",
      "iris",
      "/settings/environments",
      "/settings/environments",
      { name: "Archive", slug: "", tier: "other" },
      'value="Archive"',
    ],
    [
      "a new name of an environment",
      "iris",
      "/settings/environments/beta",
      "/settings/environments/beta/name",
      { name: "Development" },
      'value="Development"',
    ],
    [
      "a server",
      "iris",
      "/settings/environments/beta",
      "/settings/environments/beta/servers",
      { server: "web2", base_url: "https://web2.example" },
      'value="web2"',
    ],
    [
      "a gate",
      "iris",
      "/settings/environments/live/gate",
      "/settings/environments/live/gate",
      { version: "1", count_marketing: "2", checklist: "Prices are right", carry_over: "never", do: "set" },
      "\nPrices are right</textarea>",
    ],
    ["the site's name", "iris", "/settings", "/settings", { name: "Dill", time_zone: "Europe/London" }, 'value="Dill"'],
    [
      "a correction",
      "ada",
      "/corrections/new?deployment=1&kind=page&key=/sale",
      "/corrections",
      { deployment: "1", kind: "page", line: "/sale", reason: "A typo", right: "nothing" },
      "\nA typo</textarea>",
    ],
    [
      "a cancellation",
      "ada",
      "/promotions/1",
      "/promotions/1/cancellation",
      { reason: "Too early" },
      "\nToo early</textarea>",
    ],
    [
      "a request",
      "ada",
      "/releases/1",
      "/promotions",
      { release: "1", to: "live", note: "Please" },
      "\nPlease</textarea>",
    ],
  ])("%s is shown filled, and nothing is recorded", async (_, name, page, path, fields, filled) => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Sale");
    await w.ask(1, "demo");
    const browser = await signedIn(name);
    const before = await events();

    const text = await (
      await sendAndReturn(browser, name, [`/sites/shop${page}`, `/sites/shop${path}`, fields])
    ).text();

    expect(text).toContain(notice);
    expect(text).toContain(filled);
    expect(await events()).toBe(before);
  });

  test("without a text, such as a removal, leads back to its page, which says that nothing was done", async () => {
    const iris = await signedIn("iris");
    const [server] = await w.db.selectFrom("servers").select(["id", "environment_id"]).execute();
    const beta = "/sites/shop/settings/environments/beta";
    const answer = await sendAndReturn(iris, "iris", [beta, `${beta}/servers/${server?.id}/removal`, {}]);
    expect(locationOf(answer)).toBe(beta);
    expect(await (await iris.get(beta)).text()).toContain(notice);
    expect(
      await w.db
        .selectFrom("servers")
        .select("id")
        .where("id", "=", server?.id ?? "")
        .execute(),
    ).toHaveLength(1);
  });

  test("is shown to nobody else, and not in another browser", async () => {
    const cleo = await signedIn("cleo");
    const page = await sendAndReturn(cleo, "cleo", [recordPage, "/sites/shop/deployments", record], "ada");
    expect(page.status).toBe(409);
    expect(await page.text()).not.toContain("A note to keep");

    const [row] = await keptRows();
    const elsewhere = await (await signedIn("cleo")).get(`${recordPage}?kept=${row?.id}`);
    expect(locationOf(elsewhere)).toBe(recordPage);
    expect(JSON.stringify(row), "the database alone has no text of it").not.toContain("keep");
  });

  test("is kept for two hours, and only the newest twenty are", async () => {
    const cleo = await signedIn("cleo");
    await endSessions();
    for (let i = 0; i < 22; i++) await sendRecord(cleo, "cleo", { key: `k${i}` });
    expect(await keptRows()).toHaveLength(20);

    const id = (await keptRows())[0]?.id;
    hours(2);
    await signIn(cleo, "cleo");
    expect(locationOf(await cleo.get(`${recordPage}?kept=${id}`))).toBe(recordPage);
    expect(await (await cleo.get(recordPage)).text()).toContain("What was shown here is no longer kept.");
    await sendRecord(cleo, "cleo", { lines: "nonsense" });
    expect((await keptRows()).every(({ expires_at }) => expires_at > w.clock.at)).toBe(true);
  });

  test("of a browser in which nobody signed in before, or with a password, or too large, is not kept", async () => {
    expect(nextOf(await sendRecord(w.as("nobody"), "cleo"))).toBe(recordPage);
    const cleo = await signedIn("cleo");
    await endSessions();
    const passwords = { current: password, password: "a new password", again: "a new password" };
    const answer = await send(cleo, "cleo", "/account", "/account/password", passwords);
    expect(nextOf(answer)).toBe("/account");
    const address = { email: "cleo@new.test", email_password: password };
    expect(nextOf(await send(cleo, "cleo", "/account", "/account/address", address))).toBe("/account");
    const large = await sendRecord(cleo, "cleo", { lines: "x".repeat(2_100_000) });
    expect(nextOf(large)).toBe(recordPage);
    const claimed = await send(cleo, "cleo", recordPage, "/sites/shop/deployments", record, {
      "content-length": "3000000",
    });
    expect(await (await cleo.get(locationOf(claimed))).text()).toContain(notice);
    expect(nextOf(await sendRecord(cleo, "ada")), "nor for another person").toBe(recordPage);
    expect(await keptRows()).toEqual([]);
  });
});

describe("going back to a form", () => {
  test("after its preview was recorded asks nothing again: every answer has an address", async () => {
    const cleo = await signedIn("cleo");
    const preview = await send(cleo, "cleo", recordPage, recordPage, record);
    expect(preview.status).toBe(303);
    const address = locationOf(preview);
    expect(await (await cleo.get(address)).text()).toContain("Record 1 change");
    expect((await send(cleo, "cleo", address, "/sites/shop/deployments", record)).status).toBe(303);

    const back = await cleo.get(address);
    expect(back.status).toBe(200);
    expect(await back.text()).toContain("Record 1 change");
  });

  test("and sending the same is one deployment; sending another text is another", async () => {
    const cleo = await signedIn("cleo");
    const first = await sendRecord(cleo, "cleo");
    const same = await sendRecord(cleo, "cleo");
    expect(locationOf(same)).toBe(locationOf(first));

    const other = await sendRecord(cleo, "cleo", { lines: "/sale v3", note: "Another" });
    expect(locationOf(other)).toBe("/sites/shop/deployments/2");
    expect((await deployments()).map(({ note }) => note)).toEqual(["A note to keep", "Another"]);
  });

  test("that was refused shows the refusal, with its status", async () => {
    const cleo = await signedIn("cleo");
    const refused = await sendRecord(cleo, "cleo", { lines: "nonsense" });
    expect(refused.status).toBe(303);
    const page = await cleo.get(locationOf(refused));
    expect(page.status).toBe(422);
    expect(await page.text()).toContain("\nnonsense</textarea>");
  });

  test("after a token was created creates none, and shows its secret no more", async () => {
    const iris = await signedIn("iris");
    const tokens = "/sites/shop/settings/tokens";
    const created = await send(iris, "iris", tokens, tokens, { name: "Build", until: "", roles: ["contributor"] });
    const shown = await iris.get(locationOf(created));
    expect(shown.status).toBe(201);
    expect(await shown.text()).toContain("sb_");

    const back = await iris.get(locationOf(created));
    expect(locationOf(back)).toBe(tokens);
    expect(await w.db.selectFrom("tokens").select("id").execute()).toHaveLength(1);
  });

  test("is redirected without the length of the page, for which a client or proxy would wait", async () => {
    const refused = await sendRecord(await signedIn("cleo"), "cleo", { lines: "nonsense" });
    expect([refused.status, refused.headers.get("content-length"), await refused.text()]).toEqual([303, null, ""]);
  });

  test("an answer is shown to nobody else", async () => {
    const browser = await signedIn("cleo");
    const address = locationOf(await sendRecord(browser, "cleo", { lines: "nonsense" }));
    await signIn(browser, "ada");
    const page = await browser.get(address);
    expect(page.status).toBe(409);
    expect(await page.text()).not.toContain("nonsense");
    await browser.post("/sign-out");
    expect(nextOf(await browser.get(address))).toBe(address);
  });

  test("a client that does not ask for HTML, and htmx, get the answer itself", async () => {
    const cleo = await signedIn("cleo");
    expect((await send(cleo, "cleo", recordPage, recordPage, record, { accept: "*/*" })).status).toBe(200);
    expect((await send(cleo, "cleo", recordPage, recordPage, record, { "hx-request": "true" })).status).toBe(200);
    expect(await keptRows()).toEqual([]);
  });
});
