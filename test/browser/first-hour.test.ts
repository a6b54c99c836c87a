import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readsPage, wording } from "./page.ts";
import { browserShop, type Shop } from "./shop.ts";

// The sitemap of a real site: the 2,000 pages of the Astro documentation that were changed last, by the paths and dates in
// its public git repository, without the texts of the pages.
const sitemap = gunzipSync(await readFile(new URL("../support/real-sitemap.xml.gz", import.meta.url))).toString();

let w: Shop;
let site: Awaited<ReturnType<typeof ownSite>>;
beforeEach(async () => {
  [w, site] = [await browserShop(), await ownSite()];
});
afterEach(async () => {
  site.close();
  await w.close();
});

/** A company's own site, of which this needs only the sitemap. */
async function ownSite() {
  const server = createServer((request, response) => {
    if (request.url !== "/sitemap.xml") return response.writeHead(404).end();
    return response.end(sitemap.replaceAll("https://docs.astro.build/", `${address}/`));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { address, close: () => server.close() };
}

describe.each([
  ["with JavaScript", true],
  ["without JavaScript", false],
])("%s", (_, javaScript) => {
  test("the first hour: a site of 2,000 pages is recorded, and its first release approved, in under 30 clicks of all", async ({
    annotate,
  }) => {
    const started = performance.now();
    const iris = await visitor(await w.setupAddress(), javaScript);
    await setUp(iris);
    await recordLive(iris);
    await copyFromLive(iris);
    const [tess, mara] = await inviteTessAndMara(iris, javaScript);

    await recordOnBeta(iris);
    await createRelease(iris);
    await request(iris, "Tester");
    await approve(tess, "demo");
    await complete(iris, "demo", "Mark as on demo");
    await iris.click("link", "1, A clearer way to begin");
    await request(iris, "Marketing");
    await approve(mara, "live");
    await complete(iris, "live", "Mark as live");
    const clicks = [iris, tess, mara].map((person) => person.clicks());
    expect(clicks.reduce((sum, count) => sum + count)).toBeLessThan(30);
    await annotate(`${clicks.join(" + ")} clicks; the machine took ${Math.round(performance.now() - started)} ms`);

    await iris.page.goto(new URL("/sites/docs?text=/en/install-and-setup/", iris.page.url()).href);
    const row = iris.page.getByRole("row").filter({ hasText: changed });
    expect(await wording(row)).toMatch(/v2 .* same as demo v2 .* same as live v2 .* approved by Mara$/);
  });
});

const changed = "/en/install-and-setup/";

/** Somebody who opens this address, and clicks on buttons, links and boxes of the page. */
async function visitor(address: string, javaScript: boolean) {
  const page = await w.open({ javaScript });
  await page.goto(address);
  let clicks = 0;
  const click = async (role: "button" | "link" | "radio" | "checkbox", name: string | RegExp) => {
    clicks++;
    await page
      .getByRole(role, { name, exact: typeof name === "string" })
      .first()
      .click();
  };
  const fill = async (fields: Record<string, string>) => {
    for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
  };
  return { page, click, fill, clicks: () => clicks };
}

type Visitor = Awaited<ReturnType<typeof visitor>>;

const password = "correct horse battery staple";

async function setUp({ page, click, fill }: Visitor): Promise<void> {
  await fill({ "Your name": "Iris", "E-mail": "iris@example.test", Password: password, "Repeat password": password });
  await click("radio", /^Your own site/);
  await fill({
    "Name of the site": "Docs",
    "Address of beta (optional)": "https://beta.docs.example",
    "Address of demo (optional)": "https://demo.docs.example",
    "Address of live (optional)": site.address,
  });
  await click("button", "Set up");
  await readsPage(page, /Sitebook is set up, and you are signed in\./);
}

async function recordLive({ page, click, fill }: Visitor): Promise<void> {
  await click("link", "Record what is there");
  await fill({ "Or the address of a sitemap": `${site.address}/sitemap.xml` });
  await click("button", "Preview changes");
  await readsPage(page, /2,000 recorded for the first time, 0 new, 0 changed, 0 removed, 0 unchanged\./);
  await click("button", "Record 2,000 changes");
  await readsPage(page, /Deployment 1 recorded: 2,000 changed\./);
}

async function copyFromLive({ page, click }: Visitor): Promise<void> {
  await click("link", "What is on beta and demo");
  await click("button", "Record 4,000 changes");
  await readsPage(page, /beta is the same as live, 2,000 changed\. .*demo is the same as live, 2,000 changed\./);
}

/** Each of them opens the link of their invitation, which is sent by other means. */
async function inviteTessAndMara({ page, click, fill }: Visitor, javaScript: boolean): Promise<[Visitor, Visitor]> {
  await click("link", "Invite the people");
  const people = "Tess, tess@example.test, Tester\nMara, mara@example.test, Marketing";
  await fill({ "Name, e-mail and role, one person per line": people });
  await click("button", "Invite all");
  await page.locator("code.secret").nth(1).waitFor();
  const links = await page.locator("code.secret").allInnerTexts();
  const open = async (link = "") => {
    const { pathname, search } = new URL(link);
    return visitor(new URL(pathname + search, page.url()).href, javaScript);
  };
  return [await open(links[0]), await open(links[1])];
}

async function recordOnBeta({ page, click, fill }: Visitor): Promise<void> {
  await click("link", "Record");
  await fill({ "What is there now, one per line": `page ${changed} v2` });
  await click("button", "Preview changes");
  await click("button", "Record 1 change");
  await readsPage(page, /Deployment 4 recorded: 1 changed\./);
}

async function createRelease({ page, click, fill }: Visitor): Promise<void> {
  await click("link", "First release");
  await fill({ Name: "A clearer way to begin" });
  await click("button", "Create release");
  await readsPage(page, /Release 1 created\./);
}

async function request({ page, click }: Visitor, role: string): Promise<void> {
  await click("button", "Request promotion");
  await readsPage(page, new RegExp(`${role} has not approved it yet\\.`));
}

/** Accepts the invitation, and decides: they begin on the promotion that waits for them. */
async function approve({ page, click, fill }: Visitor, environment: string): Promise<void> {
  await fill({ "Choose a password": password, "Repeat password": password });
  await click("button", "Save and sign in");
  await click("button", `Approve for ${environment}`);
  await click("button", `Approve anyway for ${environment}`);
  await readsPage(page, new RegExp(`You approved it for ${environment}\\.`));
}

async function complete({ page, click }: Visitor, environment: string, button: string): Promise<void> {
  await page.reload();
  await click("button", button);
  await readsPage(page, new RegExp(`Completed\\. It is on ${environment}\\.`));
}
