import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { emptyBook, setupForm } from "./support/own-site.ts";
import { type World, world } from "./support/world.ts";

const text = async (response: Response | Promise<Response>) => (await response).text();

/** The checklist on a board: each step with "done" or "open". */
function stepsOn(page: string): string[] {
  const [, list = ""] = /<ol class="steps">(.*?)<\/ol>/s.exec(page) ?? [];
  return list.split("<li>").flatMap((item) => {
    const [line = ""] = item.split("<small>");
    const words = line.replace(/<[^>]+>/g, "").trim();
    return words ? [words] : [];
  });
}

/** The link to the next step beside the notice that one is done. */
const nextOn = (page: string) => /class="note done">.* Next: <a href="[^"]*">([^<]*)</.exec(page)?.[1];

describe("setting up one's own site", () => {
  let book: Awaited<ReturnType<typeof emptyBook>>;
  beforeEach(async () => {
    book = await emptyBook();
  });
  afterEach(() => book.close());

  const form = (link: string, more: Record<string, string> = {}) =>
    setupForm(link, {
      "site.environments.0.servers.0.base_url": "https://beta.fennel.example",
      "site.environments.2.servers.0.base_url": "https://fennel.example",
      ...more,
    });
  const record = (environment: string, lines: string, baseline = "1") => ({
    environment,
    lines,
    baseline,
    key: crypto.randomUUID(),
  });

  test("takes the addresses of the environments, and the browser's time zone is proposed", async () => {
    const link = await book.link();
    const iris = book.visitor();
    expect(await text(iris.get(`/setup?link=${link}`))).toContain("data-browser-zone");

    const refused = await iris.post("/setup", form(link, { "site.environments.1.servers.0.base_url": "demo.fennel" }));
    expect(refused.status).toBe(422);
    const page = await text(refused);
    expect(page).toContain("A server&#39;s address must start with http:// or https://");
    expect(page).toContain('value="https://beta.fennel.example"');
    expect(page).not.toContain("data-browser-zone");

    await iris.post("/setup", form(link));
    const servers = await book.db.selectFrom("servers").select("base_url").orderBy("base_url").execute();
    expect(servers.map((server) => server.base_url)).toEqual(["https://beta.fennel.example", "https://fennel.example"]);
  });

  test("leads through the first steps, each done as soon as the record has it", async () => {
    const link = await book.link();
    const iris = book.visitor();
    await iris.post("/setup", form(link));
    const board = () => text(iris.get("/sites/fennel-co"));
    expect(stepsOn(await board())).toEqual([
      "Addresses of the environments open",
      "What is on live now open",
      "What is on beta and demo open",
      "Invite the people open",
      "First release open",
    ]);
    expect(await board()).not.toContain("/releases/new");

    const recorded = await text(iris.submit("/sites/fennel-co/deployments", record("live", "/ v1\n/terms v1")));
    expect(nextOn(recorded)).toBe("What is on beta and demo");
    const afterLive = await board();
    expect(stepsOn(afterLive)[1]).toBe("What is on live now done");
    expect(afterLive).toContain("1 of 5 done");
    expect(afterLive).toContain("as in the baseline");
    expect(afterLive).toContain("/deployments/same-as?from=live&amp;environment=beta&amp;environment=demo");

    const key = () => crypto.randomUUID();
    const same = { environment: ["beta", "demo"], from: "live", removals: ["0", "0"], key: key() };
    const copied = await text(iris.submit("/sites/fennel-co/deployments/same-as", same));
    expect(copied).toContain("Deployment 3 recorded: demo is the same as live, 2 changed.");
    expect(nextOn(copied)).toBe("Invite the people");
    expect(stepsOn(await board())[2]).toBe("What is on beta and demo done");
    const server = { server: "web", base_url: "https://demo.fennel.example", key: key() };
    await iris.post("/sites/fennel-co/settings/environments/demo/servers", server);
    const invitation = { name: "Mara", email: "mara@example.test", roles: "marketing", key: key() };
    await iris.post("/sites/fennel-co/settings/people", invitation);
    expect(stepsOn(await board()).map((step) => step.split(" ").at(-1))).toEqual([
      "done",
      "done",
      "done",
      "done",
      "open",
    ]);

    // there is nothing to release before something new is on beta
    const release = async () => /<a href="([^"]*)">First release/.exec(await board())?.[1];
    expect(await release()).toBe("/sites/fennel-co/deployments/new?environment=beta");
    const changed = await text(iris.submit("/sites/fennel-co/deployments", record("beta", "/terms v2", "")));
    expect(nextOn(changed)).toBe("First release");
    expect(await release()).toBe("/sites/fennel-co/releases/new?from=beta&amp;to=demo");

    const differences = { name: "Terms", from: "beta", to: "demo", line: "page /terms v2", key: key() };
    await iris.post("/sites/fennel-co/releases", differences);
    expect(await book.db.selectFrom("releases").select("number").execute()).toHaveLength(1);
    expect(await board()).not.toContain("First steps");
    const again = await text(iris.submit("/sites/fennel-co/deployments", record("beta", "/terms v3", "")));
    expect(nextOn(again)).toBeUndefined();
  });

  test("the steps stay until all are done, are left for later, or the site is 30 days old", async () => {
    const iris = book.visitor();
    await iris.post("/setup", form(await book.link()));
    const board = () => text(iris.get("/sites/fennel-co"));
    await iris.post("/sites/fennel-co/deployments", record("live", "/terms v1"));
    await iris.post("/sites/fennel-co/deployments", record("beta", "/terms v2"));
    const release = { name: "Terms", from: "beta", to: "demo", line: "page /terms v2", key: crypto.randomUUID() };
    await iris.post("/sites/fennel-co/releases", release);
    expect(stepsOn(await board()).at(-1)).toBe("First release done");

    const left = await text(iris.submit("/sites/fennel-co/first-steps/later", {}));
    expect(left).toContain("The first steps are left for later.");
    expect(await board()).not.toContain("Invite the people");

    const another = book.visitor();
    await another.post("/sign-in", { email: "iris@example.test", password: "correct horse battery" });
    const elsewhere = () => text(another.get("/sites/fennel-co"));
    expect(await elsewhere()).toContain("First steps");
    book.clock.at = "2026-04-03T10:00:00.000Z";
    await another.post("/sign-in", { email: "iris@example.test", password: "correct horse battery" });
    expect(await elsewhere()).toContain("Everything");
    expect(await elsewhere()).not.toContain("First steps");
  });
});

describe("on a site with several people", () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());

  test("a contributor gets links only to what a contributor may do, and a viewer no list", async () => {
    const page = await text(w.as("cleo").get("/sites/shop"));
    expect(stepsOn(page)).toHaveLength(5);
    expect(page).toContain('href="/sites/shop/deployments/new?environment=live"');
    expect(page).not.toContain('href="/sites/shop/settings/people"');
    expect(await text(w.as("vera").get("/sites/shop"))).not.toContain("First steps");
  });
});
