import type { Page } from "playwright-core";
import { newLink } from "../../src/people/links.ts";
import type { Name } from "../support/world.ts";
import { corrected, promotions } from "./busy.ts";
import type { Shop } from "./shop.ts";

export interface Case {
  what: string;
  who: Name | "nobody";
  path: string | ((w: Shop) => Promise<string>);
  /** What is done there before it is looked at. */
  act?: (page: Page) => Promise<unknown>;
}

const page = (what: string, who: Case["who"], path: Case["path"], act?: Case["act"]): Case =>
  act ? { what, who, path, act } : { what, who, path };

/** Sends the page's form as it stands, past the browser's own checks. */
const send =
  (form = "main form[method=post]") =>
  async (at: Page) => {
    const answered = at.waitForEvent("domcontentloaded");
    await at.evaluate(`document.querySelector(${JSON.stringify(form)}).submit()`);
    await answered;
  };

const fill = (fields: Record<string, string>, button: string) => async (at: Page) => {
  for (const [name, value] of Object.entries(fields)) await at.locator(`main [name="${name}"]`).fill(value);
  await at.getByRole("button", { name: button }).click();
};

const good = "page /sale v32\npage /new v1\npage /about -\nsoftware catalogue 4.2.0";
const bad = "page sale v32\npage /a b v1\nsoftware catalogue\npage /about v4";

const artifact = (kind: string, key: string) => `/sites/shop/artifacts/${kind}?key=${encodeURIComponent(key)}`;
const promotion = (number: number) => `/sites/shop/promotions/${number}`;

/** Every page there is, in each way it can look. */
export const cases: Case[] = [
  page("set up", "nobody", (w) => w.setupAddress()),
  page("set up, nothing filled in", "nobody", (w) => w.setupAddress(), send()),
  page("sign in", "nobody", "/sign-in"),
  page("sign in to go on", "nobody", "/sites/shop/history"),
  page("sign in, wrong password", "nobody", "/sign-in", fill({ email: "ada@example.test", password: "no" }, "Sign in")),
  page("an invitation", "nobody", async (w) => link(w, "invitation")),
  page("an invitation, a password too short", "nobody", async (w) => link(w, "invitation"), send()),
  page("a new password", "nobody", async (w) => link(w, "reset")),
  page("a stale link", "nobody", "/invitation?link=gone"),
  page("account", "ada", "/account"),
  page("account, wrong password", "ada", "/account", send("form[action='/account/password']")),
  page("sites", "ada", "/sites"),
  page("sites, to make one", "iris", "/sites"),
  page("sites, a name missing", "iris", "/sites", send()),
  page("help", "nobody", "/help"),
  page("not there, signed out", "nobody", "/nowhere"),
  page("not there", "ada", "/sites/shop/nowhere"),
  page("another's site", "oskar", "/sites/shop"),
  page("not allowed", "vera", "/sites/shop/deployments/new"),

  page("board", "ada", "/sites/shop"),
  page("board, chosen", "ada", "/sites/shop", (at) =>
    at.getByRole("checkbox", { name: "Choose /sale", exact: true }).check(),
  ),
  page("board, filtered", "ada", "/sites/shop?differs=beta,demo&kind=page"),
  page("board, nothing like that", "ada", "/sites/shop?text=zzz"),
  page("board, looking only", "vera", "/sites/shop"),
  page("board, empty", "oskar", "/sites/elsewhere"),

  page("record", "ada", "/sites/shop/deployments/new"),
  page("record, what changes", "ada", "/sites/shop/deployments/new", fill({ lines: good }, "Show what changes")),
  page(
    "record, lines to mend",
    "ada",
    "/sites/shop/deployments/new",
    fill({ lines: bad, when: "2040-01-01T10:00" }, "Show what changes"),
  ),
  page("deployments", "ada", "/sites/shop/deployments"),
  page("deployments, none", "oskar", "/sites/elsewhere/deployments"),
  page("a deployment", "ada", "/sites/shop/deployments/4"),
  page("a deployment out of band", "ada", "/sites/shop/deployments/10"),

  page("a deployment corrected", "ada", `/sites/shop/deployments/${corrected.whole}`),
  page("a deployment to correct", "ada", "/sites/shop/corrections/new?deployment=5"),
  page("a line to correct", "ada", "/sites/shop/corrections/new?deployment=5&kind=page&key=/sale"),
  page(
    "a line corrected without a reason",
    "ada",
    "/sites/shop/corrections/new?deployment=5&kind=page&key=/sale",
    send(),
  ),
  page(
    "a line that did stand",
    "ada",
    `/sites/shop/corrections/new?deployment=${corrected.line}&kind=page&key=/help/size-guide`,
  ),

  page("inbox, a decision to take", "mara", "/sites/shop/approvals"),
  page("inbox, of who asks", "ada", "/sites/shop/approvals"),
  page("inbox, nothing to do", "vera", "/sites/shop/approvals"),
  page("inbox, done", "ada", "/sites/shop/approvals?show=done"),
  page("inbox, empty", "oskar", "/sites/elsewhere/approvals"),
  ...Object.entries(promotions).map(([state, number]) => page(`promotion, ${state}`, "ada", promotion(number))),
  page("promotion, to be approved", "mara", promotion(promotions.waiting)),
  page("promotion, rejected without a word", "mara", promotion(promotions.waiting), (at) =>
    at.getByRole("button", { name: "Reject" }).click(),
  ),
  page("promotion, by who only looks", "vera", promotion(promotions.waiting)),
  page("promotion, about to be cancelled", "ada", promotion(promotions.waiting), (at) =>
    at.getByText("Cancel the promotion").click(),
  ),

  page("releases", "ada", "/sites/shop/releases"),
  page("releases, none", "oskar", "/sites/elsewhere/releases"),
  page("a release", "ada", "/sites/shop/releases/2"),
  page("a release, to be asked for", "ada", "/sites/shop/releases/9"),
  page("a release to make", "ada", "/sites/shop/releases/new?from=beta&to=demo"),
  page("a release without a name", "ada", "/sites/shop/releases/new?from=beta&to=demo", send()),
  page("a release of nothing", "ada", "/sites/shop/releases/new?from=live"),

  page("an environment", "ada", "/sites/shop/environments/live"),
  page("an environment, lines of software", "vera", "/sites/shop/environments/demo?kind=software"),
  page("an environment, nothing like that", "vera", "/sites/shop/environments/demo?text=zzz"),
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
  page("an environment known otherwise by now", "ada", "/sites/shop/environments/beta?as_of=2026-02-28T09:00:00Z"),
  page("an environment before the book", "ada", "/sites/shop/environments/live?as_of=2020-01-01T00:00:00Z"),
  page("an environment at no moment", "ada", "/sites/shop/environments/live?as_of=sometime"),
  page("an environment at a moment as people say it", "ada", "/sites/shop/environments/live?as_of=10 February 9:00"),
  page("an environment, empty", "oskar", "/sites/elsewhere/environments/beta"),

  page("the life of a page", "ada", artifact("page", "/sale")),
  page("the life of a page that is gone", "ada", artifact("page", "/sale/last-chance")),
  page("the life of a page changed by hand", "ada", artifact("page", "/about")),
  page(
    "the life of a page, long name",
    "ada",
    artifact(
      "page",
      "/magazine/a-title-that-was-written-by-somebody-who-is-paid-by-the-letter/and-then-goes-on-for-another-line",
    ),
  ),
  page("the life of a page corrected", "ada", artifact("page", "/help/size-guide")),
  page("the life of a page, a part of it", "ada", `${artifact("page", "/sale")}&from=20 January&to=10 February 12:00`),
  page("the life of a page from no moment", "ada", `${artifact("page", "/sale")}&from=sometime`),
  page("the life of software", "ada", artifact("software", "stock-feed")),
  page("the life of nothing", "ada", artifact("page", "/nowhere")),
  page("compare", "ada", "/sites/shop/compare"),
  page("compare demo with live", "ada", "/sites/shop/compare?from=live&to=demo"),
  page("compare with the past", "ada", "/sites/shop/compare?from=live@2026-01-20T10:00:00Z&to=live"),
  page(
    "compare what was known then",
    "ada",
    "/sites/shop/compare?from=beta&to=beta&from_known_at=2026-03-02T18:00:00Z",
  ),
  page("compare with before its latest change", "ada", "/sites/shop/compare?from=beta~1&to=beta"),
  page("compare with before the first change", "ada", "/sites/shop/compare?from=live~99999&to=live"),
  page("compare what is the same", "ada", "/sites/shop/compare?from=live&to=live"),
  page("compare, a moment nobody can read", "ada", "/sites/shop/compare?from=live@sometime&to=live"),
  page("history", "ada", "/sites/shop/history"),
  page("history, signed", "iris", "/sites/shop/history", async (at) => {
    await send("#checkpoint form")(at);
    await at.locator("#checkpoint > summary").click();
  }),
  page("history of one action", "ada", "/sites/shop/history?action=promotion_approved"),
  page("history, nothing like that", "ada", "/sites/shop/history?until=2020-01-01T00:00"),
  page("history, empty", "oskar", "/sites/elsewhere/history"),

  page("search", "ada", "/sites/shop/search?q=sale"),
  page("search, a question", "vera", "/sites/shop/search?q=what+was+on+live+on+3+February+2026"),
  page("search, where it is", "vera", "/sites/shop/search?q=where+is+/sale"),
  page("search, who said yes", "vera", "/sites/shop/search?q=who+approved+/sale+on+live"),
  page("search, what changed", "vera", "/sites/shop/search?q=what+changed+on+demo+since+1+February+2026"),
  page("search, what waits", "vera", "/sites/shop/search?q=what+waits+for+marketing"),
  page("search, nothing like that", "ada", "/sites/shop/search?q=zzz"),
  page("search, for nothing", "ada", "/sites/shop/search"),

  page("settings", "iris", "/sites/shop/settings"),
  page("settings, no name", "iris", "/sites/shop/settings", send()),
  page("settings, not allowed", "ada", "/sites/shop/settings"),
  page("settings of environments", "iris", "/sites/shop/settings/environments"),
  page("settings of environments, no name", "iris", "/sites/shop/settings/environments", send()),
  page("settings of an environment", "iris", "/sites/shop/settings/environments/live"),
  page("settings of people", "iris", "/sites/shop/settings/people"),
  page("settings of people, nobody named", "iris", "/sites/shop/settings/people", send()),
  page("settings of a person", "iris", async (w) => `/sites/shop/settings/people/${w.people.mara.id}`),
  page("settings of tokens", "iris", "/sites/shop/settings/tokens"),
  page("settings of tokens, no name", "iris", "/sites/shop/settings/tokens", send()),
  page(
    "settings of tokens, a new one",
    "iris",
    "/sites/shop/settings/tokens",
    fill({ name: "The deployer" }, "Create token"),
  ),
];

async function link(w: Shop, purpose: "invitation" | "reset"): Promise<string> {
  return `/${purpose}?link=${await newLink(w.db, purpose, w.people.vera.id, w.clock.at)}`;
}
