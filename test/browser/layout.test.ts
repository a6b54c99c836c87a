import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findAccess, findEnvironment, type Site } from "../../src/access/sites.ts";
import { recordDeployment } from "../../src/deployments/record.ts";
import { requestPromotion } from "../../src/promotions/promotions.ts";
import type { ReportLine } from "../../src/record/report.ts";
import { createRelease } from "../../src/releases/releases.ts";
import { createSite } from "../../src/sites/sites.ts";
import { layoutFaults } from "./layout.ts";
import { openTab, type Tab } from "./page.ts";
import { browserShop, type Shop } from "./shop.ts";

const longKey = `/${"unbroken".repeat(13).slice(0, 100)}`;
const longLabel = (n: number) => `2026.11.29-release-candidate-3+build.${String(n).padStart(8, "0")}`;
const arabic = "عروض الصيف على الأحذية والحقائب";
const hebrew = "מבצע סוף העונה, עד חמישים אחוז הנחה";

const environments = Array.from({ length: 12 }, (_, i) => ({
  slug: `environment-${i + 1}`,
  name: `${["Development", "Quality assurance", "Pre-production", "Live for customers"][i % 4]} of region ${i + 1}`,
  tier: (["development", "testing", "staging", "production"] as const)[Math.floor(i / 3)] ?? "production",
  servers: Array.from({ length: i === 11 ? 50 : 1 }, (_, n) => ({
    name: `web-${n + 1}`,
    base_url: `https://web-${n + 1}.region-${i + 1}.shop.example/a/folder/below/the/root`,
  })),
}));

let w: Shop;
let tab: Tab;

/** A site on which everything is long: iris runs it, theo approves. */
beforeAll(async () => {
  w = await browserShop();
  const site = await createSite(w.db, await w.by("iris"), newSite, ["account-manager"]);
  await w.db
    .insertInto("memberships")
    .values({ site_id: site.id, person_id: w.people.theo.id, role: "tester", since: w.clock.at })
    .execute();
  await fill(site);
  tab = await openTab({ baseURL: w.baseURL });
  await w.enter(tab.page, "iris");
});
afterAll(async () => {
  await tab.page.context().close();
  await w.close();
});

const newSite = {
  slug: "long",
  name: "The web shop of a company with a long name & daughters",
  time_zone: "America/Argentina/ComodRivadavia",
  environments,
};

const lines = (n: number): ReportLine[] => [
  { kind: "page", key: "/", version: longLabel(n), title: arabic },
  { kind: "page", key: longKey, version: longLabel(n), title: hebrew, notes: `${arabic}. ${hebrew}.` },
  { kind: "page", key: "/sale/shoes", version: `v${n}`, title: "Shoes for the whole family, and for the dog as well" },
  { kind: "page", key: "/sale/أحذية", version: longLabel(n), title: arabic },
  { kind: "software", key: "a-service-with-a-name-of-its-own-that-nobody-shortened", version: longLabel(n) },
];

async function fill(site: Site): Promise<void> {
  const by = async (name: "iris" | "theo") => {
    const access = (await findAccess(w.db, w.people[name].id, site.slug)) as NonNullable<
      Awaited<ReturnType<typeof findAccess>>
    >;
    return { ...access, person: w.people[name], at: w.clock.at };
  };
  const iris = await by("iris");
  for (const [i, { slug }] of environments.entries()) {
    const placements = lines(i % 3);
    await recordDeployment(w.db, iris, site, findEnvironment(site, slug), { placements, note: `${arabic} ${longKey}` });
  }
  const differences = { from: "environment-9", to: "environment-10" };
  const { number } = await createRelease(w.db, iris, site, { name: `${arabic} ${longKey}`, differences });
  await requestPromotion(w.db, iris, site, { release: number, to: "environment-10", note: `${hebrew} ${longKey}` });
}

const pages: [name: string, path: string | (() => string)][] = [
  ["board", "/sites/long"],
  ["environment", "/sites/long/environments/environment-12"],
  ["environment in the past", "/sites/long/environments/environment-12?as_of=2026-03-03T10:00Z"],
  ["promotion", "/sites/long/promotions/1"],
  ["release", "/sites/long/releases/1"],
  ["history of a page", `/sites/long/artifacts/page?key=${longKey}`],
  ["compare", "/sites/long/compare?from=environment-9&to=environment-10"],
  ["inbox", "/sites/long/approvals"],
  ["settings", "/sites/long/settings"],
  ["settings of environments", "/sites/long/settings/environments"],
  ["settings of an environment", "/sites/long/settings/environments/environment-12"],
  ["history", "/sites/long/history"],
  ["search", "/sites/long/search?q=sale"],
  ["deployment", "/sites/long/deployments/12"],
];

const widths = [360, 1280, 1920];

test.each(pages)("%s: nothing overlaps or leaves the page at 360, 1280 and 1920 px", async (_, path) => {
  const { page, faults } = tab;
  const response = await page.goto(path as string);
  expect(response?.status()).toBe(200);
  const found: Record<number, string[]> = {};
  for (const width of widths) found[width] = await faultsAt(page, width);
  expect(found).toEqual({ 360: [], 1280: [], 1920: [] });
  expect(faults.splice(0)).toEqual([]);
});

async function faultsAt(page: Page, width: number): Promise<string[]> {
  // so high that nothing that sticks to the window's edge covers what scrolls below it
  await page.setViewportSize({ width, height: 6000 });
  return page.evaluate(layoutFaults);
}
