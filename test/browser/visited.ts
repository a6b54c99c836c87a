import { type Access, findAccess } from "../../src/access/sites.ts";
import { recordDeployment } from "../../src/deployments/record.ts";
import { acceptFinding } from "../../src/findings/accept.ts";
import { setProbe } from "../../src/findings/checks.ts";
import { requestPromotion } from "../../src/promotions/promotions.ts";
import { createRelease } from "../../src/releases/releases.ts";
import { createSite } from "../../src/sites/sites.ts";
import { startVisits } from "../../src/visits/visits.ts";
import { runVisits } from "../support/visits.ts";
import { htmlPage, sitemapOf, webSite } from "../support/web-site.ts";
import { environmentOf, lineOf } from "../support/world.ts";
import type { Shop } from "./shop.ts";

/** The address of a page of a site whose servers were visited: live was up then, beta was not, and one visit is in progress. */
export async function visitedSite(w: Shop, path: string): Promise<string> {
  const iris = await w.by("iris");
  const address = `/sites/visited${path}`;
  if (await findAccess(w.db, iris.person.id, "visited")) return address;
  await using live = await webSite({
    "/sale": htmlPage("Sale", "<p>Shoes at half price</p>", '<meta name="robots" content="noindex">'),
    "/sale/shoes": htmlPage("Sale", "<p>Shoes</p>"),
    "/help": (response) => response.writeHead(503).end(),
    "/new": htmlPage("New", "<p>New</p>"),
  });
  live.pages["/sitemap.xml"] = sitemapOf(live.base, ["/new", "/sale"]);
  const server = (name: string, base_url: string) => [{ name, base_url }];
  const environments = [
    { slug: "beta", tier: "development" as const, servers: server("web", "http://127.0.0.1:1") },
    { slug: "live", tier: "production" as const, servers: server("www-one.long-name.shop.example", live.base) },
  ];
  await createSite(w.db, iris, { slug: "visited", name: "Visited", environments }, ["account-manager"]);
  const { site, ...held } = (await findAccess(w.db, iris.person.id, "visited")) as Access;
  const actor = { ...iris, ...held };
  const placements = ["/sale v3", "/sale/shoes v1", "/help v2", "/gone v1"].map(lineOf);
  await recordDeployment(w.db, actor, site, environmentOf(site, "live"), { placements });
  for (const slug of ["beta", "live"]) await startVisits(w.db, actor, site, environmentOf(site, slug));
  await runVisits(w);
  const unrecorded = await w.db
    .selectFrom("findings")
    .select("id")
    .where("site_id", "=", site.id)
    .where("code", "=", "unrecorded")
    .executeTakeFirstOrThrow();
  await acceptFinding(w.db, actor, site, unrecorded.id, { reason: "It is recorded tomorrow" });
  const probe = { software: "checkout", how: "json", path: "/health", name: "/version" };
  await setProbe(w.db, actor, site, environmentOf(site, "live"), probe);
  const later = (ms: number) => ({ ...actor, at: new Date(Date.parse(w.clock.at) + ms).toISOString() });
  let requests = 0;
  live.pages["/sale"] = (response) =>
    response.end(
      htmlPage(
        "Sale until Friday",
        `<p>Boots at half price</p><p>Free delivery</p><a href="/boots">Boots</a><b>Visitor ${++requests}</b>`,
      ),
    );
  await startVisits(w.db, later(1), site, environmentOf(site, "live"));
  const { at } = w.clock;
  w.clock.at = later(1).at;
  await runVisits(w);
  w.clock.at = at;
  await startVisits(w.db, later(2), site, environmentOf(site, "live"));
  await w.db.updateTable("visits").set({ pages: 5, visited: 2 }).where("ended_at", "is", null).execute();
  return address;
}

/** The page of the first finding with this code on that site. */
export async function visitedFinding(w: Shop, code: string): Promise<string> {
  const findings = await visitedSite(w, "/findings");
  const { id } = await w.db
    .selectFrom("findings as f")
    .innerJoin("sites as s", "s.id", "f.site_id")
    .select("f.id")
    .where("s.slug", "=", "visited")
    .where("f.code", "=", code)
    .orderBy("f.id")
    .executeTakeFirstOrThrow();
  return `${findings}/${id}`;
}

/** The address of a promotion of a site whose two servers show other texts of its page, which changed once it was requested. */
export async function seenPromotion(w: Shop, path = ""): Promise<string> {
  const iris = await w.by("iris");
  const address = `/sites/seen/promotions/1${path}`;
  if (await findAccess(w.db, iris.person.id, "seen")) return address;
  const sale = (more: string) => htmlPage("Sale", `<h1>Sale</h1><p>Shoes at half price until Friday</p>${more}`);
  await using demo = await webSite({ "/sale": sale('<p>Free delivery</p><a href="/boots">Boots</a>') });
  await using live = await webSite({ "/sale": sale("<p>Delivery at two pounds</p>") });
  const environments = [
    { slug: "demo", tier: "staging" as const, servers: [{ name: "web", base_url: demo.base }] },
    { slug: "live", tier: "production" as const, servers: [{ name: "web", base_url: live.base }] },
  ];
  await createSite(w.db, iris, { slug: "seen", name: "Seen", environments }, ["account-manager"]);
  const { site, ...held } = (await findAccess(w.db, iris.person.id, "seen")) as Access;
  const actor = { ...iris, ...held };
  const at = (slug: string) => environmentOf(site, slug);
  for (const [slug, version] of [
    ["live", "v1"],
    ["demo", "v2"],
  ] as const) {
    await recordDeployment(w.db, actor, site, at(slug), { placements: [lineOf(`/sale ${version}`)] });
    await startVisits(w.db, actor, site, at(slug));
  }
  await runVisits(w);
  await createRelease(w.db, actor, site, { name: "Sale", differences: { from: "demo", to: "live" } });
  await requestPromotion(w.db, actor, site, { release: 1, to: "live" });
  demo.pages["/sale"] = sale('<p>Free delivery to Ireland</p><a href="/boots">Boots</a>');
  const { at: now } = w.clock;
  w.clock.at = new Date(Date.parse(now) + 60_000).toISOString();
  await startVisits(w.db, { ...actor, at: w.clock.at }, site, at("demo"));
  await runVisits(w);
  w.clock.at = now;
  return address;
}
