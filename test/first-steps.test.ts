import type { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import type { Database } from "../src/database/connect.ts";
import type { AppEnv } from "../src/http/context.ts";
import { setupLink } from "../src/people/links.ts";
import { freshDatabase } from "./support/database.ts";
import { browser, type World, world } from "./support/world.ts";

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

describe("setting up one's own site", () => {
  let db: Database;
  let close: () => Promise<void>;
  let app: Hono<AppEnv>;
  const clock = { at: "2026-03-03T10:00:00.000Z" };

  beforeEach(async () => {
    ({ db, close } = await freshDatabase());
    clock.at = "2026-03-03T10:00:00.000Z";
    app = createApp(db, { baseUrl: "http://sitebook.test", now: () => new Date(clock.at) });
  });
  afterEach(() => close());

  const form = (link: string, more: Record<string, string> = {}) => ({
    link,
    name: "Iris",
    email: "iris@example.test",
    password: "correct horse battery",
    again: "correct horse battery",
    begin: "site",
    "site.name": "Fennel & Co",
    "site.time_zone": "Europe/London",
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
    const link = (await setupLink(db, clock.at)) ?? "";
    const iris = browser(app, db, undefined, clock);
    expect(await text(iris.get(`/setup?link=${link}`))).toContain("data-browser-zone");

    const refused = await iris.post("/setup", form(link, { "site.environments.1.servers.0.base_url": "demo.fennel" }));
    expect(refused.status).toBe(422);
    const page = await text(refused);
    expect(page).toContain("A server&#39;s address must start with http:// or https://");
    expect(page).toContain('value="https://beta.fennel.example"');
    expect(page).not.toContain("data-browser-zone");

    await iris.post("/setup", form(link));
    const servers = await db.selectFrom("servers").select("base_url").orderBy("base_url").execute();
    expect(servers.map((server) => server.base_url)).toEqual(["https://beta.fennel.example", "https://fennel.example"]);
  });

  test("leads through the first steps, each done as soon as the record has it", async () => {
    const link = (await setupLink(db, clock.at)) ?? "";
    const iris = browser(app, db, undefined, clock);
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

    await iris.post("/sites/fennel-co/deployments", record("live", "/ v1\n/terms v1"));
    const afterLive = await board();
    expect(stepsOn(afterLive)[1]).toBe("What is on live now done");
    expect(afterLive).toContain("1 of 5 done");
    expect(afterLive).toContain("as in the baseline");
    expect(afterLive).toContain("/deployments/same-as?environment=beta&amp;from=live");

    const key = () => crypto.randomUUID();
    const same = (environment: string) => ({ environment, from: "live", removals: "0", key: key() });
    for (const environment of ["beta", "demo"])
      await iris.post("/sites/fennel-co/deployments/same-as", same(environment));
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
    await iris.post("/sites/fennel-co/deployments", record("beta", "/terms v2", ""));
    expect(await release()).toBe("/sites/fennel-co/releases/new?from=beta&amp;to=demo");

    clock.at = "2026-04-10T10:00:00.000Z";
    expect(await board()).not.toContain("First steps");
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
