import type { Page } from "playwright-core";
import { findProvider } from "../../src/access/identity-providers.ts";
import { type Access, findAccess } from "../../src/access/sites.ts";
import { recordDeployment } from "../../src/deployments/record.ts";
import { createFeed } from "../../src/feeds/feeds.ts";
import { newLink } from "../../src/people/links.ts";
import { codeOf, stepAt } from "../../src/people/totp.ts";
import { requestPromotion } from "../../src/promotions/promotions.ts";
import { createRelease } from "../../src/releases/releases.ts";
import { createSite } from "../../src/sites/sites.ts";
import { fromBase32 } from "../support/base32.ts";
import { administersAll } from "../support/sign-on.ts";
import { environmentOf, lineOf, type Name, password } from "../support/world.ts";
import { corrected, promotions } from "./busy.ts";
import type { Shop } from "./shop.ts";
import { seenPromotion, visitedFinding, visitedSite } from "./visited.ts";

export interface Case {
  name: string;
  person: Name | "nobody";
  path: string | ((w: Shop) => Promise<string>);
  /** What the person does there before the page is examined. */
  act?: (page: Page) => Promise<unknown>;
}

const page = (name: string, person: Case["person"], path: Case["path"], act?: Case["act"]): Case =>
  act ? { name, person, path, act } : { name, person, path };

/** Submits the page's form as it is, without the browser's validation. */
const submit =
  (form = "main form[method=post]") =>
  async (at: Page) => {
    const loaded = at.waitForEvent("domcontentloaded");
    await at.evaluate(`document.querySelector(${JSON.stringify(form)}).submit()`);
    await loaded;
  };

async function fill(at: Page, fields: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await at.locator(`main [name="${name}"]`).fill(value);
}

const fillAndClick = (fields: Record<string, string>, button: string) => async (at: Page) => {
  await fill(at, fields);
  const loaded = at.waitForEvent("domcontentloaded");
  await at.getByRole("button", { name: button }).click();
  await loaded;
};

const stricterGate = fillAndClick(
  { count_marketing: "4", count_tester: "1", soak_hours: "24", checklist: "Prices are right\nLegal agrees" },
  "Preview",
);

const validLines = "page /sale v32\npage /new v1\npage /about -\nsoftware catalogue 4.2.0";
const invalidLines = "page sale v32\npage /a b v1\nsoftware catalogue\npage /about v4";

const mara = { email: "mara@example.test", password };
let codeNow = "";

const artifact = (kind: string, key: string) => `/sites/shop/artifacts/${kind}?key=${encodeURIComponent(key)}`;
const promotion = (number: number) => `/sites/shop/promotions/${number}`;

const sameAs = (site: string, environment: string, from: string) =>
  `/sites/${site}/deployments/same-as?environment=${environment}&from=${from}`;

/** Every page, in each of its states. */
export const cases: Case[] = [
  page("set up", "nobody", (w) => w.setupAddress()),
  page("set up, empty", "nobody", (w) => w.setupAddress(), submit()),
  page("sign in", "nobody", "/sign-in"),
  page("sign in to continue", "nobody", "/sites/shop/history"),
  page(
    "sign in, wrong password",
    "nobody",
    "/sign-in",
    fillAndClick({ email: "ada@example.test", password: "no" }, "Sign in"),
  ),
  page("an invitation", "nobody", async (w) => link(w, "invitation")),
  page("an invitation, a password too short", "nobody", async (w) => link(w, "invitation"), submit()),
  page("a new password", "nobody", async (w) => link(w, "reset")),
  page("a forgotten password", "nobody", "/forgot"),
  page("an unknown link", "nobody", "/invitation?link=gone"),
  page("account", "ada", "/account"),
  page("account, wrong password", "ada", "/account", submit("form[action='/account/password']")),
  page("two-factor sign-in", "ada", "/account/two-factor"),
  page("two-factor sign-in, wrong password", "ada", "/account/two-factor", submit()),
  page("two-factor sign-in, to confirm", "theo", async (w) => (await setUpTwoFactor(w, "theo")).path),
  page("two-factor sign-in, wrong code", "theo", async (w) => (await setUpTwoFactor(w, "theo")).path, submit()),
  page(
    "two-factor sign-in, recovery codes",
    "cleo",
    async (w) => {
      codeNow = (await setUpTwoFactor(w, "cleo")).code;
      return "/account/two-factor";
    },
    async (at) => fillAndClick({ code: codeNow }, "Switch on")(at),
  ),
  page("two-factor sign-in, on", "mara", (w) => withTwoFactor(w, "/account/two-factor")),
  page("code", "nobody", (w) => withTwoFactor(w, "/sign-in"), fillAndClick(mara, "Sign in")),
  page(
    "code, wrong",
    "nobody",
    (w) => withTwoFactor(w, "/sign-in"),
    async (at) => {
      await fillAndClick(mara, "Sign in")(at);
      await fillAndClick({ code: "000000" }, "Sign in")(at);
    },
  ),
  page("passkeys, none", "cleo", "/account/passkeys"),
  page("passkeys", "mara", (w) => withPasskeys(w, "/account/passkeys")),
  page(
    "passkeys, a question before one is removed",
    "mara",
    (w) => withPasskeys(w, "/account/passkeys"),
    (at) => at.getByText("Remove").first().click(),
  ),
  page("passkeys, the only way to sign in", "vera", (w) => withPasskeys(w, "/account/passkeys")),
  page(
    "passkeys, a name missing",
    "mara",
    (w) => withPasskeys(w, "/account/passkeys"),
    async (at) => {
      await at.locator("main [name=name]").fill("");
      await submit("form[action='/account/passkeys']")(at);
    },
  ),
  page("sign in, with a passkey", "nobody", (w) => withPasskeys(w, "/sign-in")),
  page("sign in, no passkey", "nobody", (w) => withPasskeys(w, "/sign-in"), submit("form[action='/passkey']")),
  page("own security events", "ada", "/account/security"),
  page("security events of a site", "iris", "/sites/shop/settings/security"),
  page("sites", "ada", "/sites"),
  page("sites, for an administrator", "iris", "/sites"),
  page("sites, a name missing", "iris", "/sites", submit()),
  page("help", "nobody", "/help"),
  page("not found, signed out", "nobody", "/nowhere"),
  page("not found", "ada", "/sites/shop/nowhere"),
  page("a site without a role", "oskar", "/sites/shop"),
  page("not allowed", "vera", "/sites/shop/deployments/new"),

  page("board", "ada", "/sites/shop"),
  page("board, rows selected", "ada", "/sites/shop", (at) =>
    at.getByRole("checkbox", { name: "Select /sale", exact: true }).check(),
  ),
  page("board, filtered", "ada", "/sites/shop?differs=beta,demo&kind=page"),
  page("board, no match", "ada", "/sites/shop?text=zzz"),
  page("board, for a viewer", "vera", "/sites/shop"),
  page("board, empty", "oskar", "/sites/elsewhere"),
  page("board, with the first steps", "iris", async (w) => `/sites/${await youngSite(w)}`),
  page("board, folded", "iris", async (w) => `/sites/${await youngSite(w)}?kind=page`),
  page("same as another environment", "iris", async (w) => sameAs(await youngSite(w), "demo", "beta")),
  page("same as an environment without a record", "iris", async (w) => sameAs(await youngSite(w), "live", "demo")),
  page("same as, too late", "ada", sameAs("shop", "demo", "live")),

  page("record", "ada", "/sites/shop/deployments/new"),
  page("record, preview", "ada", "/sites/shop/deployments/new", fillAndClick({ lines: validLines }, "Preview changes")),
  page(
    "record, lines that can be left out",
    "ada",
    "/sites/shop/deployments/new",
    fillAndClick({ lines: "URL,Status\n/a,200\n/b?x=1,200\nhttps://cdn.example/c,200" }, "Preview changes"),
  ),
  page("record, lines with errors", "ada", "/sites/shop/deployments/new", async (at) => {
    await fill(at, { lines: invalidLines, when: "2040-01-01T10:00" });
    await submit()(at);
  }),
  page("deployments", "ada", "/sites/shop/deployments"),
  page("deployments, none", "oskar", "/sites/elsewhere/deployments"),
  page("a deployment", "ada", "/sites/shop/deployments/4"),
  page("a deployment out of band", "ada", "/sites/shop/deployments/12"),

  page("a deployment corrected", "ada", `/sites/shop/deployments/${corrected.whole}`),
  page("a deployment to correct", "ada", "/sites/shop/corrections/new?deployment=5"),
  page("a line to correct", "ada", "/sites/shop/corrections/new?deployment=5&kind=page&key=/sale"),
  page(
    "a line corrected without a reason",
    "ada",
    "/sites/shop/corrections/new?deployment=5&kind=page&key=/sale",
    submit(),
  ),
  page(
    "a corrected line to restore",
    "ada",
    `/sites/shop/corrections/new?deployment=${corrected.line}&kind=page&key=/help/size-guide`,
  ),

  page("inbox, with a decision to make", "mara", "/sites/shop/approvals"),
  page("inbox, of the requester", "ada", "/sites/shop/approvals"),
  page("inbox, nothing needed", "vera", "/sites/shop/approvals"),
  page("inbox, done", "ada", "/sites/shop/approvals?show=done"),
  page("inbox, empty", "oskar", "/sites/elsewhere/approvals"),
  ...Object.entries(promotions).map(([state, number]) => page(`promotion, ${state}`, "ada", promotion(number))),
  page("promotion, to approve", "mara", promotion(promotions.waiting)),
  page("promotion, rejected without a comment", "mara", promotion(promotions.waiting), fillAndClick({}, "Reject")),
  page("promotion, for a viewer", "vera", promotion(promotions.waiting)),
  page("a rollback, with a reason missing", "ada", `${promotion(promotions.completed)}/rollback`, submit()),
  page("completed without the gate", "iris", "/sites/shop/approvals/without-gate"),
  page("promotion, about to be cancelled", "ada", promotion(promotions.waiting), (at) =>
    at.getByText("Cancel promotion").click(),
  ),

  page("promotion, planned with its take-down", "iris", plannedCampaign, openPlan),
  page("promotion, planned for the past", "iris", plannedCampaign, async (at) => {
    await openPlan(at);
    await at.locator('[name="take_down"]').selectOption("");
    await fillAndClick({ go_live_at: "2020-01-01T10:00", take_down_at: "2020-01-01T09:00" }, "Save plan")(at);
  }),

  page("releases", "ada", "/sites/shop/releases"),
  page("releases, none", "oskar", "/sites/elsewhere/releases"),
  page("a release", "ada", "/sites/shop/releases/2"),
  page("a release, to request promotion", "ada", "/sites/shop/releases/9"),
  page("a new release", "ada", "/sites/shop/releases/new?from=beta&to=demo"),
  page("a new release without a name", "ada", "/sites/shop/releases/new?from=beta&to=demo", submit()),
  page("a new release without differences", "ada", "/sites/shop/releases/new?from=live"),

  page("an environment", "ada", "/sites/shop/environments/live"),
  page("an environment, software only", "vera", "/sites/shop/environments/demo?kind=software"),
  page("an environment, no match", "vera", "/sites/shop/environments/demo?text=zzz"),
  page("an environment in the past", "ada", "/sites/shop/environments/live?as_of=2026-02-10T09:00:00Z"),
  page(
    "an environment as it was known",
    "ada",
    "/sites/shop/environments/beta?as_of=2026-02-28T09:00:00Z&known_at=2026-02-28T10:00:00Z",
  ),
  page(
    "an environment as it was known before it was corrected",
    "ada",
    "/sites/shop/environments/beta?as_of=2026-03-01T10:00:00Z&known_at=2026-03-02T18:00:00Z",
  ),
  page(
    "an environment whose record was corrected since",
    "ada",
    "/sites/shop/environments/beta?as_of=2026-02-28T09:00:00Z",
  ),
  page("an environment before its first record", "ada", "/sites/shop/environments/live?as_of=2020-01-01T00:00:00Z"),
  page("an environment at a moment that cannot be read", "ada", "/sites/shop/environments/live?as_of=sometime"),
  page("an environment at a moment in plain words", "ada", "/sites/shop/environments/live?as_of=10 February 9:00"),
  page("an environment, empty", "oskar", "/sites/elsewhere/environments/beta"),

  page("the history of a page", "ada", artifact("page", "/sale")),
  page("the history of a removed page", "ada", artifact("page", "/sale/last-chance")),
  page("the history of a page changed by hand", "ada", artifact("page", "/about")),
  page(
    "the history of a page with a long name",
    "ada",
    artifact(
      "page",
      "/magazine/a-title-that-was-written-by-somebody-who-is-paid-by-the-letter/and-then-goes-on-for-another-line",
    ),
  ),
  page("the history of a corrected page", "ada", artifact("page", "/help/size-guide")),
  page(
    "the history of a page, a part of it",
    "ada",
    `${artifact("page", "/sale")}&from=20 January&to=10 February 12:00`,
  ),
  page("the history of a page from a moment that cannot be read", "ada", `${artifact("page", "/sale")}&from=sometime`),
  page("the history of software", "ada", artifact("software", "stock-feed")),
  page("the history of an unknown page", "ada", artifact("page", "/nowhere")),
  page("compare", "ada", "/sites/shop/compare"),
  page("compare demo with live", "ada", "/sites/shop/compare?from=live&to=demo"),
  page("compare with the past", "ada", "/sites/shop/compare?from=live@2026-01-20T10:00:00Z&to=live"),
  page(
    "compare with what was known then",
    "ada",
    "/sites/shop/compare?from=beta&to=beta&from_known_at=2026-03-02T18:00:00Z",
  ),
  page("compare with before the last change", "ada", "/sites/shop/compare?from=beta~1&to=beta"),
  page("compare with before the first change", "ada", "/sites/shop/compare?from=live~99999&to=live"),
  page("compare what is the same", "ada", "/sites/shop/compare?from=live&to=live"),
  page("compare, a moment that cannot be read", "ada", "/sites/shop/compare?from=live@sometime&to=live"),
  page("history", "ada", "/sites/shop/history"),
  page("history, signed", "iris", "/sites/shop/history", async (at) => {
    await submit("#checkpoint form")(at);
    await at.locator("#checkpoint > summary").click();
  }),
  page("history of one action", "ada", "/sites/shop/history?action=promotion_approved"),
  page("history, no match", "ada", "/sites/shop/history?until=2020-01-01T00:00"),
  page("history, empty", "oskar", "/sites/elsewhere/history"),

  page("search", "ada", "/sites/shop/search?q=sale"),
  page("search, a question", "vera", "/sites/shop/search?q=what+was+on+live+on+3+February+2026"),
  page("search, where a page is", "vera", "/sites/shop/search?q=where+is+/sale"),
  page("search, who approved", "vera", "/sites/shop/search?q=who+approved+/sale+on+live"),
  page("search, what changed", "vera", "/sites/shop/search?q=what+changed+on+demo+since+1+February+2026"),
  page("search, what is waiting", "vera", "/sites/shop/search?q=what+waits+for+marketing"),
  page("search, no match", "ada", "/sites/shop/search?q=zzz"),
  page("search, empty", "ada", "/sites/shop/search"),

  page("settings", "iris", "/sites/shop/settings"),
  page("settings, no name", "iris", "/sites/shop/settings", async (at) => {
    await fill(at, { name: "" });
    await submit()(at);
  }),
  page("settings, not allowed", "ada", "/sites/shop/settings"),
  page("notices", "vera", "/sites/shop/notices"),
  page(
    "notices, a page that is not there",
    "vera",
    "/sites/shop/notices",
    fillAndClick({ name: "/nowhere" }, "Follow"),
  ),
  page("settings of environments", "iris", "/sites/shop/settings/environments"),
  page("settings of environments, no name", "iris", "/sites/shop/settings/environments", submit()),
  page("settings of an environment", "iris", "/sites/shop/settings/environments/live"),
  page(
    "settings of an environment, a name that another one has",
    "iris",
    "/sites/shop/settings/environments/live",
    fillAndClick({ name: "D e m o" }, "Save"),
  ),
  page(
    "settings of an environment, moved where it cannot be",
    "iris",
    "/sites/shop/settings/environments/live",
    moveFirst,
  ),
  page(
    "settings of an environment, not retired",
    "iris",
    "/sites/shop/settings/environments/live",
    submit('main form[action$="/retirement"]'),
  ),
  page("settings of a gate, with its preview", "iris", "/sites/shop/settings/environments/live/gate", stricterGate),
  page(
    "settings of a gate, wrong numbers",
    "iris",
    "/sites/shop/settings/environments/live/gate?preset=one",
    fillAndClick({ count_marketing: "-1", soak_hours: "9000", checklist: "Prices\nPrices" }, "Preview"),
  ),
  page("settings of environments, one retired", "oskar", (w) => withRetired(w, "/settings/environments")),
  page("an environment, retired", "oskar", (w) => withRetired(w, "/environments/old-stage")),
  page("freezes", "oskar", (w) => withFreezes(w, "/settings/freezes")),
  page("freezes, no reason", "ada", "/sites/shop/settings/freezes", submit("main .form")),
  page("feeds, none", "oskar", "/sites/elsewhere/feeds"),
  page("feeds, software missing", "vera", "/sites/shop/feeds?what=badge_software:live", submit("main .form")),
  page("feeds, a new one", "vera", "/sites/shop/feeds", fillAndClick({ name: "Wiki" }, "Create address")),
  page("feeds, of all people", "iris", withFeeds),
  page("calendar", "oskar", (w) => withFreezes(w, "/calendar")),
  page("findings", "iris", (w) => visitedSite(w, "/findings")),
  page("findings of one kind, none", "iris", (w) => visitedSite(w, "/findings?environment=live&kind=drifted")),
  page("findings, accepted", "iris", (w) => visitedSite(w, "/findings?state=accepted")),
  page("findings, settled, none", "iris", (w) => visitedSite(w, "/findings?state=settled")),
  page("a finding", "iris", (w) => visitedFinding(w, "missing")),
  page("a finding, no reason", "iris", (w) => visitedFinding(w, "missing"), submit('main form[action$="/acceptance"]')),
  page("a finding, accepted", "iris", (w) => visitedFinding(w, "unrecorded")),
  page("a page with findings", "iris", (w) => visitedSite(w, "/artifacts/page?key=/sale")),
  page("a board with findings", "iris", (w) => visitedSite(w, "")),
  page("an inbox with findings", "iris", (w) => visitedSite(w, "/approvals")),
  page("what is checked", "iris", (w) => visitedSite(w, "/settings/environments/live/findings")),
  page(
    "what is checked, wrong",
    "iris",
    (w) => visitedSite(w, "/settings/environments/live/findings"),
    fillAndClick({ software: "checkout", path: "health", name: "version" }, "Save software"),
  ),
  page("visits in progress", "iris", (w) => visitedSite(w, "/observations/live")),
  page("visits, given up", "iris", (w) => visitedSite(w, "/observations/beta")),
  page("visits, never", "vera", "/sites/shop/observations/beta"),
  // after the visit in progress, which their visits would end
  page(
    "a promotion whose text was seen",
    "iris",
    (w) => seenPromotion(w),
    async (at) => {
      await at.locator("main .review .fold > summary").first().click();
      await at.locator("#text").waitFor();
    },
  ),
  page("what a promotion changes in the text", "iris", (w) => seenPromotion(w, "/text?page=/sale")),
  page("an environment with findings", "iris", (w) => visitedSite(w, "/environments/live")),
  page("settings of visits", "iris", (w) => visitedSite(w, "/settings/environments/live/visits")),
  page(
    "settings of visits, wrong",
    "iris",
    (w) => visitedSite(w, "/settings/environments/live/visits"),
    fillAndClick({ pages_at_once: "40", header: "Host: x", user: "a:b" }, "Save www-one"),
  ),
  page("what live shows of a page", "iris", (w) =>
    visitedSite(w, "/observations/live/page?path=/sale&server=www-one.long-name.shop.example"),
  ),
  page("what beta shows of a page, nothing", "vera", "/sites/shop/observations/beta/page?path=/sale"),
  page("masks", "iris", "/sites/shop/settings/masks"),
  page(
    "masks, previewed",
    "iris",
    (w) => visitedSite(w, "/settings/masks"),
    fillAndClick({ expression: "p" }, "Preview"),
  ),
  page("masks, wrong", "iris", "/sites/shop/settings/masks", fillAndClick({ expression: "p[" }, "Preview")),
  page("settings of people", "iris", "/sites/shop/settings/people"),
  page("settings of people, no name", "iris", "/sites/shop/settings/people", submit()),
  page("settings of a person", "iris", async (w) => `/sites/shop/settings/people/${w.people.mara.id}`),
  page("removal of a person", "iris", async (w) => `/sites/shop/settings/people/${w.people.theo.id}/removal`),
  page("closing of one's own account", "ada", "/account/closing?site=shop"),
  page("closing of one's own account, wrong password", "ada", "/account/closing?site=shop", submit("main .form")),
  page("settings of webhooks", "iris", "/sites/shop/settings/webhooks"),
  page(
    "settings of webhooks, no address",
    "iris",
    "/sites/shop/settings/webhooks",
    submit("form[action$='/settings/webhooks']"),
  ),
  page(
    "a new webhook",
    "iris",
    "/sites/shop/settings/webhooks",
    fillAndClick({ name: "CI", url: "https://ci.example.test/hooks" }, "Create webhook"),
  ),
  page("settings of notices", "iris", "/sites/shop/settings/notices"),
  page("settings of tokens", "iris", "/sites/shop/settings/tokens"),
  page("settings of tokens, no name", "iris", "/sites/shop/settings/tokens", submit()),
  page(
    "settings of tokens, a new one",
    "iris",
    "/sites/shop/settings/tokens",
    fillAndClick({ name: "The deployer" }, "Create token"),
  ),
  // last, as every sign-in page has the provider's button then
  page("sign-in settings", "iris", async (w) => withProvider(w, "/settings/sign-in")),
  page(
    "sign-in settings, wrong",
    "iris",
    async (w) => withProvider(w, "/settings/sign-in"),
    submit("form[action='/settings/sign-in']"),
  ),
  page("an identity provider", "iris", async (w) => withProvider(w, "/settings/sign-in/okta")),
  page("closing of an account", "iris", async (w) => withProvider(w, `/settings/accounts/${w.people.theo.id}/closing`)),
  page("roles", "iris", async (w) => withProvider(w, "/settings/roles?site=shop")),
  page(
    "roles, no name",
    "iris",
    async (w) => withProvider(w, "/settings/roles"),
    submit("form[action='/settings/roles']"),
  ),
  page("a role", "iris", async (w) => withProvider(w, "/settings/roles/viewer")),
  page("sign in with a provider", "nobody", async (w) => withProvider(w, "/sign-in")),
  page("sign in, a provider down", "nobody", async (w) => withProvider(w, "/sign-in/okta")),
];

async function moveFirst(at: Page): Promise<void> {
  await at.locator('main form[action$="/name"] [name="before"]').selectOption("beta");
  await submit('main form[action$="/name"]')(at);
}

/** A page of the other site, in which an environment was added, renamed and retired. */
async function withRetired(w: Shop, path: string): Promise<string> {
  const settings = "/sites/elsewhere/settings/environments";
  const oskar = w.as("oskar");
  await oskar.submit(settings, { name: "Old stage", tier: "staging", before: "live" });
  await oskar.submit(`${settings}/old-stage/name`, { name: "Rehearsal of old", tier: "testing", before: "-" });
  await oskar.submit(`${settings}/old-stage/retirement`);
  return `/sites/elsewhere${path}`;
}

/** A page of the other site, in which an environment is frozen now, and will be every week. */
async function withFreezes(w: Shop, path: string): Promise<string> {
  const oskar = w.as("oskar");
  const freezes = "/sites/elsewhere/settings/freezes";
  const weekly = {
    from: "2027-01-01T22:00",
    until: "2027-01-02T06:00",
    repeats: "WEEKLY",
    days: "FR",
    last: "2027-03-31",
  };
  await oskar.post(freezes, { environment: "live", reason: "Checkout shows wrong prices", key: "now" });
  await oskar.post(freezes, { environment: "demo", reason: "Deliveries from the warehouse", key: "weekly", ...weekly });
  return `/sites/elsewhere${path}`;
}

/** The page of feeds, with addresses of two people. */
async function withFeeds(w: Shop): Promise<string> {
  for (const name of ["vera", "iris"] as const)
    await createFeed(w.db, await w.by(name), w.site, { what: "environment:live", about: "", name: "Reader at work" });
  return "/sites/shop/feeds";
}

async function openPlan(at: Page): Promise<void> {
  for (const fold of await at.locator(".panel:has(> #schedule) > .fold > summary").all()) await fold.click();
}

/** A promotion of a site of its own, which is planned to go live by itself and to be taken down. */
async function plannedCampaign(w: Shop): Promise<string> {
  const iris = await w.by("iris");
  const address = "/sites/campaigns/promotions/1";
  if (await findAccess(w.db, iris.person.id, "campaigns")) return address;
  await createSite(w.db, iris, { slug: "campaigns", name: "Campaigns" }, ["account-manager"]);
  const { site, ...held } = (await findAccess(w.db, iris.person.id, "campaigns")) as Access;
  const actor = { ...iris, ...held };
  const contents = [lineOf("/sale v2"), lineOf("/sale/shoes v1")];
  for (const [environment, placements] of Object.entries({ demo: [lineOf("/sale v1")], beta: contents }))
    await recordDeployment(w.db, actor, site, environmentOf(site, environment), { placements });
  await createRelease(w.db, actor, site, { name: "Spring campaign", from: "beta", contents });
  const goLive = { go_live_at: "2099-03-05T22:00:00.000Z", by_itself: true };
  const restored = { take_down: "restore" as const, take_down_redirect: null, take_down_by_itself: false };
  const end = { take_down_at: "2099-03-29T08:00:00.000Z", ...restored };
  await requestPromotion(w.db, actor, site, { release: 1, to: "demo", plan: { ...goLive, ...end } });
  return address;
}

/** A site in its first hour: demo is not recorded yet, and live has so many pages that the board folds. */
async function youngSite(w: Shop): Promise<string> {
  const iris = await w.by("iris");
  if (await findAccess(w.db, iris.person.id, "young")) return "young";
  const site = await createSite(w.db, iris, { slug: "young", name: "Young" }, ["account-manager"]);
  const access = (await findAccess(w.db, iris.person.id, "young")) as Access;
  const placements = Array.from({ length: 510 }, (_, i) => lineOf(`/${["sale", "help"][i % 2]}/page-${i} v1`));
  for (const [environment, lines] of Object.entries({ beta: placements.slice(0, 3), live: placements })) {
    const report = { baseline: true, placements: lines };
    await recordDeployment(w.db, { ...iris, ...access }, site, environmentOf(site, environment), report);
  }
  return "young";
}

async function link(w: Shop, purpose: "invitation" | "reset"): Promise<string> {
  return `/${purpose}?link=${await newLink(w.db, purpose, w.people.vera.id, w.clock.at)}`;
}

/** Once Iris administers every site, and people can sign in with a provider, which does not answer. */
async function withProvider(w: Shop, path: string): Promise<string> {
  if (await findProvider(w.db, "okta")) return path;
  await administersAll(w, "iris");
  const provider = { name: "Okta", slug: "okta", issuer: "http://127.0.0.1:1", client_id: "sitebook" };
  await w
    .as("iris")
    .post("/settings/sign-in", { ...provider, secret: "secret", roles_claim: "groups", roles: "a = shop: tester" });
  await w.as("nobody").post("/sign-in", { email: "somebody@example.test", password: "guess" });
  return path;
}

/** Begins to set up two-factor sign-in, as its page does. */
async function setUpTwoFactor(w: Shop, name: Name): Promise<{ path: string; code: string }> {
  const page = await (await w.as(name).submit("/account/two-factor", { password })).text();
  const key = /<code class="secret"[^>]*>([A-Z2-7]{32})</.exec(page)?.[1] ?? "";
  return { path: "/account/two-factor", code: codeOf(fromBase32(key), stepAt(w.clock.at)) };
}

/** Once Mara has two-factor sign-in. */
async function withTwoFactor(w: Shop, path: string): Promise<string> {
  const row = { person_id: w.people.mara.id, sealed_secret: "sealed", last_step: 0, confirmed_at: w.clock.at };
  const insert = w.db.insertInto("two_factor").values(row);
  await insert.onConflict((conflict) => conflict.doNothing()).execute();
  return path;
}

/** Once Mara has two passkeys, and Vera one, without a password. */
async function withPasskeys(w: Shop, path: string): Promise<string> {
  const passkey = { public_key: "key", counter: 0, transports: "", created_at: w.clock.at };
  const [mara, vera] = [w.people.mara.id, w.people.vera.id];
  const rows = [
    { id: "1", credential_id: "a", person_id: mara, name: "Laptop at the office", used_at: w.clock.at, ...passkey },
    { id: "2", credential_id: "b", person_id: mara, name: "Telephone", used_at: null, ...passkey },
    { id: "3", credential_id: "c", person_id: vera, name: "Security key", used_at: null, ...passkey },
  ];
  const insert = w.db.insertInto("passkeys").values(rows);
  await insert.onConflict((conflict) => conflict.doNothing()).execute();
  await w.db.updateTable("people").set({ password: null }).where("id", "=", vera).execute();
  return path;
}
