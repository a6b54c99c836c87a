import { createSecrets } from "../../src/access/secrets.ts";
import { newId, newSecret, sha256 } from "../../src/database/ids.ts";
import { createFeed } from "../../src/feeds/feeds.ts";
import { newLink } from "../../src/people/links.ts";
import { createWebhook } from "../../src/webhooks/webhooks.ts";
import { released } from "./long-history.ts";
import { environmentOf, type World } from "./world.ts";

export interface Visit {
  /** "machine" uses the API. */
  who: "ada" | "theo" | "iris" | "machine" | "nobody";
  path: string;
}

const visits =
  (who: Visit["who"], base = "") =>
  (...paths: string[]): Visit[] =>
    paths.map((path) => ({ who, path: base + path }));

const shop = visits("ada", "/sites/shop");
const call = visits("machine", "/api/v1/sites/shop");

const past = "as_of=2026-03-04T09:31:00Z";
const known = "known_at=2026-03-04T12:00:00Z";
const after = "after=page:part-3/part-3/page-0-101";
const settledBefore = "2026-03-05T09:40:00.000Z.019ca12b-7c00-7000-8000-0123456789ab";
const before = "before=2026-03-04T09:31:00.000Z.40";

/** Every page and call that reads, with each combination of parameters that runs other queries. For a long history. */
export const everyPage: Visit[] = [
  ...visits("nobody")("/sign-in", "/setup?link=gone", "/invitation?link=:invitation", "/reset?link=:reset"),
  ...visits("nobody")("/unsubscribe?key=:notice", "/guest?link=:guest", "/forgot", "/code", "/address?link=:address"),
  ...visits("ada")(
    "/account/closing",
    "/account/security",
    "/account/two-factor",
    "/account/passkeys",
    "/account/security?before=150",
  ),
  ...visits("nobody")("/passkey"),
  ...visits("nobody")("/sign-in/okta", "/sign-in/okta/callback?state=x&code=y", "/sign-in/okta/signed-out?of=x"),
  ...visits("iris")(
    "/settings/sign-in",
    "/settings/sign-in/okta",
    "/settings/roles",
    "/settings/roles/tester",
    "/settings/accounts/:ada/closing",
  ),
  ...visits("nobody")("/healthz", "/readyz", "/openapi.json"),
  ...visits("ada")("/", "/account", "/sites", "/help"),
  ...visits("iris")("/sites"),

  ...shop(
    "",
    `?${after}`,
    "?text=page-0-1",
    "?kind=software",
    "?section=/part-2",
    "?owner=:ada",
    "?owner=nobody",
    "/export.csv",
    "/export.jsonl?differs=beta,demo",
  ),
  ...shop("?order=latest", "?order=latest&after=change:2026-03-04T09:31:00.000Z.x", "?order=latest&after=change:.x"),
  ...shop("?order=latest&differs=beta,demo", "/export.csv?order=latest"),
  ...shop("?differs=beta,demo", "?differs=beta,live", "?waiting=1", "?out_of_band=1", "?unknown=1"),

  ...shop("/deployments", `/deployments?${before}`, "/deployments?environment=archive", "/deployments/new"),
  ...shop(`/deployments?environment=live&${before}`, "/deployments/same-as?environment=beta&from=live"),
  ...shop("/deployments/:many", "/deployments/:many?kind=page&section=part-3&key=/part-3/page-0-101"),
  ...shop("/corrections/new?deployment=:many", `/corrections/new?deployment=:many&kind=page&key=${released}`),

  ...shop("/approvals", "/approvals?show=needs", "/approvals?show=others", "/approvals?show=done"),
  ...shop("/approvals?show=done&before=40", "/promotions"),
  ...shop(
    "/frame?rail=full&environment=live",
    "/frame?rail=slim",
    "/promotions/:open/state",
    "/promotions/:completed/state",
  ),
  ...shop(`/promotions/:open/text?page=${released}`),
  // one with each outcome, and one that is open
  ...shop("/promotions/:cancelled", "/promotions/:superseded", "/promotions/:rejected", "/promotions/:completed"),
  ...shop(
    "/promotions/:open",
    "/promotions/:open?section=/part-2",
    "/promotions/:completed/rollback",
    "/promotions/:open/guests",
    "/approvals/without-gate",
  ),
  ...visits("theo", "/sites/shop")("/approvals", "/promotions/:open"),
  ...shop("/notices"),
  ...shop("/releases", "/releases?before=40", "/releases/1", "/releases/:many-released"),
  ...shop("/releases/new", "/releases/new?from=live", "/releases/new?made_from=1", "/delegations"),

  ...shop("/environments/live", "/environments/live?kind=software", "/environments/live?text=page-0-1"),
  ...shop(`/environments/live?${after}`, `/environments/live?${past}`, `/environments/live?${past}&${known}`),
  ...shop("/environments/live?as_of=:recently", "/environments/live?as_of=:recently&known_at=:recently"),
  ...shop("/compare?from=live@:recently&to=live"),
  ...shop(`/environments/beta?${past}&kind=page&text=page&${after}`),
  ...shop("/artifacts/page?key=/often", `/artifacts/page?key=${released}`, "/artifacts/software?key=service-0-0"),
  ...shop("/artifacts/page?key=/often&before=2026-03-05T09:40:00.000Z.40"),
  ...shop("/artifacts/page?key=/often&from=4 March 2026 9:00&to=5 March 2026 9:00"),
  ...shop("/calendar", "/calendar?month=2026-03", "/calendar?week=2026-03-04", "/settings/freezes"),
  ...shop(
    "/findings",
    "/findings?environment=live&kind=drifted",
    "/observations/live",
    "/observations/live/page?path=/often",
    "/findings/:finding",
  ),
  ...shop("/findings?state=accepted", "/findings?state=accepted&environment=live", "/findings?state=settled"),
  ...shop(
    `/findings?state=settled&before=${settledBefore}`,
    "/findings?state=settled&kind=drifted",
    "/findings?state=settled&environment=live",
    "/findings?state=settled&environment=live&kind=drifted",
  ),
  ...shop("/compare", "/compare?from=beta~1&to=beta", "/compare?from=beta~30&to=live", "/compare?from=beta%23:many"),
  ...shop(`/compare?from=demo@2026-03-04T09:31Z&to=live@2026-03-04T09:31Z&${known}`),
  ...shop(`/compare?from=demo&to=live&kind=page&change=changed&${after}`),

  ...shop("/history", "/history?before=40", "/history?from=2026-03-04T00:00Z&until=2026-03-05T10:00Z"),
  ...shop("/history?person=:cleo", "/history?action=placement_corrected", "/history?environment=archive"),
  // combinations of frequent values with hardly any rows
  ...shop("/history?person=:cleo&action=release_made", "/history?person=:ada&environment=live"),
  ...shop("/history?action=promotion_asked&environment=live"),
  ...shop("/history?person=:ada&action=promotion_asked&environment=live"),
  ...shop("/history?key=/often", `/history?kind=page&key=${released}&before=200`),
  ...shop("/history?key=/often&person=:theo&action=promotion_rejected&environment=demo&from=2026-03-04T00:00Z"),
  ...shop("/history/checkpoint", "/history/export.csv", "/history/export.jsonl?environment=live"),
  ...shop("/environments/live/export.csv", `/environments/live/export.jsonl?${past}&${known}`),
  ...shop("/promotions/:completed/evidence.zip", "/environments/live/evidence.zip"),

  ...visits("nobody", "/feeds/")(":changes-feed", ":calendar-feed", ":change-badge", ":software-badge", ":state-badge"),
  ...shop("/feeds", "/feeds?what=calendar:"),
  ...shop("/search", "/search?q=page", "/search?q=often", "/search?q=page&in=artifact&after=12.40"),
  ...shop("/search?q=deployment&in=event", "/search?q=deployment&in=event&after=12.400", "/search?q=number&in=note"),
  ...shop("/search?q=again&in=release", "/search?q=again&in=promotion", "/search?q=where+is+/often"),
  ...shop(`/search?q=who+approved+${released}+on+demo`, "/search?q=when+did+/often+change+on+live"),
  ...shop("/search?q=what+changed+on+demo+since+4+March+2026", "/search?q=what+waits+for+marketing"),

  ...visits("iris", "/sites/shop/settings")(
    "",
    "/environments",
    "/environments/live",
    "/environments/live/gate",
    "/environments/live/visits",
    "/environments/live/findings",
    "/masks",
    "/tokens",
    "/jobs",
    "/notices",
    "/webhooks",
    "/webhooks/:webhook",
  ),
  ...visits("iris", "/sites/shop/settings")("/people", "/people/:ada", "/people/:ada/removal"),
  ...visits("iris", "/sites/shop/settings")("/security", "/security?before=150"),

  ...visits("machine", "/api/v1")("/sites", "/sites/shop/environments", "/roles"),
  ...call("/promotions/:completed/comments", "/delegations", "/forced-completions"),
  ...call("/environments/live/gate", "/environments/live/placements", `/environments/live/placements?${past}&${known}`),
  ...call("/environments/live/placements?kind=page&q=page-0-1", "/deployments", "/deployments/:many"),
  ...call("/deployments?environment=live&since=2026-03-04T09:31:00Z", "/deployments?environment=live~3&limit=10"),
  ...call("/artifacts", "/artifacts?kind=page&q=often", "/artifacts/page/history?key=/often"),
  ...call("/compare?from=live@2026-03-04T09:31:00Z&to=live", "/releases", "/releases/:many-released", "/promotions"),
  ...["waiting", "approved", "completed", "rejected", "cancelled", "superseded", "expired"].flatMap((state) =>
    call(`/promotions?state=${state}&limit=10`),
  ),
  ...call("/security-events", "/security-events?limit=10"),
  ...call("/webhooks", "/webhooks/:webhook/deliveries"),
  ...call("/notices", "/notices?limit=10", "/notice-rules", "/feeds", "/promotions/:open/guests"),
  ...call("/findings", "/findings?environment=live&kind=missing", "/findings?state=settled&limit=10"),
  ...call("/environments/live/observations?path=/often", "/environments/live/observations?path=/often&server=web"),
  ...call("/environments/live/visit-settings", "/environments/live/checks", "/masks", "/noise?path=/often"),
  ...call("/freezes", "/freezes?environment=live"),
  ...call("/promotions/:completed/rollback"),
  ...call("/promotions/:completed", "/promotions/:open", "/can-promote?release=:many-released&to=demo"),
  ...call("/events", "/events?after=100&limit=10", "/events/head", "/checkpoints/latest"),
];

/** The values of `:name` in a path. */
const named: Record<string, (w: World) => string | Promise<string>> = {
  ada: (w) => w.people.ada.id,
  cleo: (w) => w.people.cleo.id,
  theo: (w) => w.people.theo.id,
  recently: (w) => new Date(Date.parse(w.clock.at) - 90 * 60_000).toISOString(),
  invitation: (w) => newLink(w.db, "invitation", w.people.vera.id, w.clock.at),
  reset: (w) => newLink(w.db, "reset", w.people.vera.id, w.clock.at),
  notice: (w) => unsubscribeKey(w),
  webhook: (w) => webhookId(w),
  finding: (w) => findingId(w),
  guest: (w) => guestLink(w),
  address: (w) => addressLink(w),
  "changes-feed": (w) => fileOf(w, "environment:live"),
  "calendar-feed": (w) => fileOf(w, "calendar:"),
  "change-badge": (w) => fileOf(w, "badge_environment:live"),
  "software-badge": async (w) => fileOf(w, "badge_software:live", await someSoftware(w)),
  "state-badge": (w) => fileOf(w, "badge_promotion:", "1"),
  many: (w) => numberOf(w, "deployments", ["changed", ">=", 240]),
  "many-released": (w) => numberOf(w, "releases", ["name", "=", "Many"]),
  open: (w) => numberOf(w, "promotions", ["note", "=", "Many"]),
  cancelled: (w) => numberOf(w, "promotions", ["note", "=", "Number 0"]),
  superseded: (w) => numberOf(w, "promotions", ["note", "=", "Number 1"]),
  rejected: (w) => numberOf(w, "promotions", ["note", "=", "Number 2"]),
  completed: (w) => numberOf(w, "promotions", ["note", "=", "Number 3"]),
};

async function addressLink(w: World): Promise<string> {
  const link = newSecret();
  const change = { person_id: w.people.vera.id, email: "vera@new.test", expires_at: "2099" };
  await w.db
    .insertInto("address_changes")
    .values({ ...change, hash: sha256(link) })
    .onConflict((conflict) => conflict.column("person_id").doUpdateSet({ hash: sha256(link) }))
    .execute();
  return link;
}

async function guestLink(w: World): Promise<string> {
  const link = newSecret();
  const { id: promotion_id } = await w.db
    .selectFrom("open_promotions as o")
    .innerJoin("promotions as p", "p.id", "o.promotion_id")
    .select("p.id")
    .orderBy("p.number")
    .executeTakeFirstOrThrow();
  const guest = { id: newId(), promotion_id, person_id: w.people.vera.id, email: "vera@example.test", role: "tester" };
  const valid = { hash: sha256(link), invited_by: w.people.ada.id, created_at: w.clock.at, expires_at: "2099" };
  await w.db
    .insertInto("guests")
    .values({ ...guest, ...valid })
    .execute();
  return link;
}

async function webhookId(w: World): Promise<string> {
  const context = { secrets: createSecrets({ databaseUrl: "file::memory:" }), isAllowed: () => true };
  const request = { name: "CI", shape: "standard", url: "https://ci.example.test", types: [] };
  return (await createWebhook(w.db, await w.by("iris"), w.site, request, context)).id;
}

async function findingId(w: World): Promise<string> {
  const { id: environment_id, servers } = environmentOf(w.site, "live");
  const about = { site_id: w.site.id, environment_id, server_id: servers[0]?.id ?? "" };
  const found = { path: "/often", code: "noindex", sentence: "It tells search engines not to list it." };
  const known = await w.db.selectFrom("findings").select("id").where("code", "=", "noindex").executeTakeFirst();
  if (known) return known.id;
  const id = newId();
  await w.db
    .insertInto("findings")
    .values({ id, ...about, ...found, opened_at: w.clock.at })
    .execute();
  return id;
}

async function unsubscribeKey(w: World): Promise<string> {
  const notice = {
    id: newId(),
    site_id: w.site.id,
    person_id: w.people.vera.id,
    kind: "subscribed",
    seq: 1,
    topic: "deployment",
    promotion_id: null,
    delivery: "now" as const,
    created_at: w.clock.at,
    state: "sent" as const,
    outcome: null,
    ended_at: w.clock.at,
    unsubscribe_key: newSecret(),
  };
  await w.db.insertInto("notices").values(notice).execute();
  return notice.unsubscribe_key;
}

async function someSoftware(w: World): Promise<string> {
  const software = w.db.selectFrom("artifacts").select("key").where("kind", "=", "software").orderBy("key");
  return (await software.limit(1).executeTakeFirstOrThrow()).key;
}

const feedFiles = new WeakMap<World, Map<string, Promise<string>>>();

/** The name of the file at a secret address, created once in a world, as the lists of addresses should not grow. */
function fileOf(w: World, what: string, about = ""): Promise<string> {
  const files = feedFiles.get(w) ?? new Map<string, Promise<string>>();
  feedFiles.set(w, files);
  const file = files.get(what) ?? newFile(w, what, about);
  files.set(what, file);
  return file;
}

async function newFile(w: World, what: string, about: string): Promise<string> {
  const { path } = await createFeed(w.db, await w.by("theo"), w.site, { what, about, name: "" });
  return path.replace("/feeds/", "");
}

async function numberOf(
  w: World,
  table: "deployments" | "releases" | "promotions",
  [column, operator, value]: ["changed" | "name" | "note", "=" | ">=", string | number],
): Promise<string> {
  const { number } = await w.db
    .selectFrom(table)
    .select("number")
    .where("site_id", "=", w.site.id)
    .where(column as never, operator, value as never)
    .orderBy("number")
    .limit(1)
    .executeTakeFirstOrThrow();
  return String(number);
}

export async function addressOf(w: World, { path }: Visit): Promise<string> {
  const values = new Map<string, string>();
  for (const [whole, name = ""] of path.matchAll(/:([a-z-]+)/g)) values.set(whole, (await named[name]?.(w)) ?? whole);
  return path.replace(/:[a-z-]+/g, (whole) => values.get(whole) as string);
}
