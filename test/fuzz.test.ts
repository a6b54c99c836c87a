import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { permissions } from "../src/access/permissions.ts";
import { createSecrets } from "../src/access/secrets.ts";
import { openSession } from "../src/access/sessions.ts";
import { findAccess } from "../src/access/sites.ts";
import { createApi } from "../src/api-app.ts";
import { recordDeployment } from "../src/deployments/record.ts";
import { createFeed } from "../src/feeds/feeds.ts";
import { setFreeze } from "../src/freezes/freezes.ts";
import { writeNotices } from "../src/notices/write-notices.ts";
import { changeName } from "../src/people/account.ts";
import { createToken } from "../src/people/tokens.ts";
import { addComment } from "../src/promotions/comments.ts";
import { requestPromotion } from "../src/promotions/promotions.ts";
import { createRelease } from "../src/releases/releases.ts";
import { createWebhook } from "../src/webhooks/webhooks.ts";
import { engine } from "./support/database.ts";
import { setGate } from "./support/gates.ts";
import { hostileBodies, hostileTexts, hostileValues, seededRandom } from "./support/hostile.ts";
import { environmentOf, lineOf, type World, world } from "./support/world.ts";

// Whatever is sent by somebody who administers the shop: it is answered, a refusal changes nothing, and no answer has a
// word that only the other site has.

const seed = Number(process.env.FUZZ_SEED ?? 20261130);
const random = seededRandom(seed);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

/** Fewer requests on PostgreSQL, where each takes four times as long; they are other ones than on SQLite. */
const some = <T>(times: number, one: () => T): T[] =>
  Array.from({ length: engine === "sqlite" ? times : Math.ceil(times / 2) }, one);

/** In everything that the other site has, and nowhere else. */
const marker = "quagmire";

let w: World;
let token: Awaited<ReturnType<World["token"]>>;
/** Ids of rows of the other site. */
let foreign: string[];
/** Of the shop's webhooks and of their deliveries. */
let own: string[];

beforeAll(async () => {
  w = await world();
  token = await w.token("administrator");
  await w.record("beta", ["/sale v1", "/shoes v1", "checkout 3.4.1"]);
  await setGate(w, "demo", { guest_roles: ["tester"], requirements: [{ role: "tester", count: 1 }] });
  await w.ask((await w.release("Sale", ["/sale"])).number, "demo");
  await w.promote((await w.release("Shoes", ["/shoes"])).number, "demo");
  await setFreeze(w.db, await w.by("iris"), w.site, environmentOf(w.site, "live"), { reason: "Audit" });
  foreign = await otherSite();
  own = await ownWebhooks();
});
afterAll(() => w.close());

/** Fills the other site with the marker; returns ids of its rows. */
async function otherSite(): Promise<string[]> {
  await changeName(w.db, w.people.oskar, `Oskar ${marker}`, w.clock.at);
  const access = await findAccess(w.db, w.people.oskar.id, "elsewhere");
  if (!access) throw new Error("the other site is gone");
  const { site } = access;
  await w.db
    .updateTable("sites")
    .set({ name: `The ${marker}` })
    .where("id", "=", site.id)
    .execute();
  const oskar = { ...access, permissions: new Set(permissions), person: w.people.oskar, at: w.clock.at };
  const on = (slug: string) => environmentOf(site, slug);
  const placements = [lineOf(`/${marker} v1`), lineOf(`${marker}-service 1.0.0`)];
  await recordDeployment(w.db, oskar, site, on("beta"), { placements, note: marker });
  const { number } = await createRelease(w.db, oskar, site, {
    name: marker,
    differences: { from: "beta", to: "demo" },
  });
  const promotion = await requestPromotion(w.db, oskar, site, { release: number, to: "demo", note: marker });
  await addComment(w.db, oskar, site, promotion.number, marker);
  const feed = await createFeed(w.db, oskar, site, { what: "environment:live", about: "", name: marker });
  const secrets = createSecrets({ databaseUrl: "file::memory:" });
  const hook = { name: marker, shape: "standard", url: `https://${marker}.test/`, types: [] };
  const webhook = await createWebhook(w.db, oskar, site, hook, { secrets, isAllowed: () => true });
  const machine = await createToken(w.db, oskar, site, { name: marker, roles: ["viewer"] });
  await writeNotices(w.db, w.clock.at, true);
  const ids: string[] = [site.id, w.people.oskar.id, feed.id, webhook.id, machine.id];
  const tables = ["artifacts", "releases", "promotions", "environments", "webhook_deliveries", "jobs"] as const;
  for (const table of tables)
    ids.push(
      ...(await w.db.selectFrom(table).select("id").where("site_id", "=", site.id).limit(2).execute()).map(
        (row) => row.id,
      ),
    );
  return ids;
}

/** So many that removing some leaves some. */
async function ownWebhooks(): Promise<string[]> {
  const context = { secrets: createSecrets({ databaseUrl: "file::memory:" }), isAllowed: () => true };
  const iris = await w.by("iris");
  const hook = { name: "CI", shape: "standard", url: "https://ci.example.test/", types: [] };
  const ids: string[] = [];
  while (ids.length < 10) ids.push((await createWebhook(w.db, iris, w.site, hook, context)).id);
  await w.record("beta", ["/told v1"]);
  await writeNotices(w.db, w.clock.at, true);
  const deliveries = await w.db
    .selectFrom("webhook_deliveries")
    .select("id")
    .where("site_id", "=", w.site.id)
    .execute();
  return [...ids, ...deliveries.map(({ id }) => id)];
}

/** What no refusal may change: how much there is in each table, and what roles and people are called. */
async function state(): Promise<string> {
  const tables = ["events", "people", "memberships", "roles", "tokens", "feeds", "guests", "notices", "subscriptions"];
  const more = [
    "webhooks",
    "releases",
    "promotions",
    "approvals",
    "deployments",
    "placements",
    "artifacts",
    "versions",
  ];
  const rest = ["environments", "gates", "freezes", "bounced_addresses", "notice_choices", "notice_rules", "sites"];
  const counts = [...tables, ...more, ...rest].map(
    (table) => sql`select ${sql.lit(table)} as a, '' as b, '' as c, count(*) as d from ${sql.table(table)}`,
  );
  // one statement: it is asked after each request
  const { rows } = await sql`
    ${sql.join(counts, sql` union all `)}
    union all select slug, name, permissions, 0 from roles
    union all select id, name, coalesce(email, ''), 0 from people order by 1, 2, 3`.execute(w.db);
  return JSON.stringify(rows);
}

interface Sent {
  name: string;
  path: string;
  init: RequestInit;
}

/** Sends all of these one after another. Returns what went wrong, and how often each status was the answer. */
async function sendAll(requests: Sent[]): Promise<{ wrong: string[]; statuses: Map<number, number> }> {
  const wrong: string[] = [];
  const statuses = new Map<number, number>();
  let before = await state();
  for (const { name, path, init } of requests) {
    const response = await w.app.request(`http://sitebook.test${path}`, init);
    const text = (await response.text()) + (response.headers.get("location") ?? "");
    // a page that was read refuses nothing, and changes nothing that counts
    const now = init.method === "GET" && response.ok ? before : await state();
    const what = `${init.method} ${path.slice(0, 120)} ${name}: ${describe(init.body)}`;
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    if (response.status >= 500) wrong.push(`${response.status} ${what}`);
    if (response.status >= 400 && now !== before) wrong.push(`changed although ${response.status} ${what}`);
    if (text.toLowerCase().includes(marker)) wrong.push(`has the other site's word: ${what}`);
    before = now;
  }
  return { wrong, statuses };
}

const describe = (body: unknown): string =>
  body instanceof URLSearchParams || typeof body === "string" ? String(body).slice(0, 300) : typeof body;

const text = (): string => (random() < 0.3 ? pick(foreign) : pick([...hostileTexts, "shop", "beta", "1", "/sale"]));
const value = (): unknown => (random() < 0.5 ? text() : pick(hostileValues));

/** A value for a parameter in a path: one that exists, one of the other site, or a hostile one. */
function parameter(name: string): string {
  const known: Record<string, string> = { site: "shop", env: "beta", n: "1", kind: "page", role: "tester" };
  const valid = known[name] ?? pick(random() < 0.5 ? foreign : own);
  // a text without its pair of a surrogate has no encoding
  return random() < 0.75 ? valid : encodeURIComponent(text().slice(0, 500).toWellFormed()) || "x";
}

const operations = createApi("http://sitebook.test").openAPIRegistry.definitions.flatMap((definition) =>
  definition.type === "route" ? [definition.route] : [],
);

type Shape = Record<string, unknown>;
const keysOf = (schema: unknown): string[] => Object.keys((schema as { shape?: Shape } | undefined)?.shape ?? {});

/** Requests of one call: with each hostile body, and with random values in the fields of its document. */
function requestsOf({ method, path, request }: (typeof operations)[number]): Sent[] {
  const content = request?.body?.content as Record<string, { schema: unknown }> | undefined;
  const fields = keysOf(content?.["application/json"]?.schema);
  const query = keysOf(request?.query);
  const authorization = `Bearer ${token.secret}`;
  const address = () => {
    const there = path.replace(/\{(\w+)\}/g, (_, name: string) => parameter(name));
    const search = new URLSearchParams();
    for (const name of query) if (random() < 0.6) search.append(name, text().slice(0, 3000));
    return query.length ? `${there}?${search}` : there;
  };
  const send = (body: RequestInit["body"], type: string | undefined): Sent => ({
    name: type ?? "",
    path: address(),
    init: {
      method: method.toUpperCase(),
      headers: { authorization, ...(type && { "content-type": type }) },
      ...(body !== undefined && { body }),
    },
  });
  if (method === "get") return some(8, () => send(undefined, undefined));
  const filled = some(10, () => {
    const sent = Object.fromEntries(fields.filter(() => random() < 0.8).map((name) => [name, value()]));
    return send(JSON.stringify(sent), "application/json");
  });
  const broken = some(3, () => pick(hostileBodies));
  return [...filled, ...broken.map(([body, type]) => send(body, type))];
}

test("every call of the API answers whatever it is sent, and a refusal changes nothing", async () => {
  const { wrong, statuses } = await sendAll(operations.flatMap(requestsOf));
  expect(wrong, `FUZZ_SEED=${seed}`).toEqual([]);
  // most of it gets past the address and the rights
  expect(statuses.get(422)).toBeGreaterThan(120);
  expect((await token.get("/sites/shop/environments")).status).toBe(200);
}, 120_000);

/** Pages with forms, as Iris opens them. */
const pagesWithForms = [
  "",
  "/deployments/new",
  "/corrections/new?deployment=1",
  "/promotions/1",
  "/promotions/1/guests",
  "/releases/new",
  "/releases/1",
  "/notices",
  "/feeds",
  "/delegations",
  "/settings",
  "/settings/environments",
  "/settings/people",
  "/settings/environments/live",
  "/settings/environments/live/gate",
  "/settings/tokens",
  "/settings/webhooks",
  "/settings/notices",
  "/settings/freezes",
  "/artifacts/page?key=/sale",
  "/promotions/2/rollback",
  "/compare",
].map((path) => `/sites/shop${path}`);

interface Form {
  action: string;
  fields: Record<string, string>;
}

/** The forms of a page that change something, with what their fields have. */
function formsOf(page: string): Form[] {
  const forms = [...page.matchAll(/<form[^>]*method="post"[^>]*action="([^"]+)"[^>]*>(.*?)<\/form>/gs)];
  return forms.map(([, action = "", content = ""]) => ({
    action: action.replaceAll("&amp;", "&"),
    fields: Object.fromEntries(
      [...content.matchAll(/<(?:input|select|textarea|button)[^>]*\sname="([^"]+)"[^>]*>/g)].map(([tag, name = ""]) => [
        name,
        / value="([^"]*)"/.exec(tag)?.[1] ?? "",
      ]),
    ),
  }));
}

/** Forms that would end the sessions with which this is sent. */
const endsSession = /\/sign-out|\/account\/(password|closing|sessions)/;

const multipart = (fields: Record<string, string>): FormData => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, new Blob([value]), value.slice(0, 50));
  return form;
};

/** Requests with a form: with some of its fields changed, as another type of body, and broken. */
function requestsWith({ action, fields }: Form, cookie: string): Sent[] {
  const headers = { cookie, origin: "http://sitebook.test" };
  const changed = () =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        // who the page is for: with another name nothing else of the form is read
        name !== "shown_to" && random() < 0.6 ? text().toWellFormed() : value,
      ]),
    );
  const send = (body: RequestInit["body"], type?: string): Sent => ({
    name: type ?? "form",
    path: action,
    init: { method: "POST", headers: { ...headers, ...(type && { "content-type": type }) }, ...(body && { body }) },
  });
  const [broken, type] = pick(hostileBodies);
  return [
    ...some(4, () => send(new URLSearchParams(changed()))),
    send(multipart(changed())),
    send(broken, type ?? "text/plain"),
  ];
}

test("open addresses and what pages load answer whatever they are sent", async () => {
  const cookie = `sitebook=${await openSession(w.db, w.people.iris.id, w.clock.at)}`;
  const paths = Array.from({ length: 60 }, () => encodeURIComponent(text().slice(0, 500).toWellFormed())).flatMap(
    (odd) => [
      `/unsubscribe?key=${odd}`,
      `/feeds/sbf_${odd.slice(0, 43).padEnd(43, "x")}.atom`,
      `/feeds/${odd}`,
      `/sites/shop/frame?rail=${odd}&environment=${odd}`,
      `/sites/shop/settings/notices?before=${odd}`,
      `/sites/shop/settings/webhooks/${odd}?before=${odd}`,
      `/sites/shop/notices?${odd}=${odd}`,
    ],
  );
  const requests = paths.map((path) => ({ name: "", path, init: { method: "GET", headers: { cookie } } }));
  const { wrong } = await sendAll(requests);
  expect(wrong, `FUZZ_SEED=${seed}`).toEqual([]);
}, 60_000);

test("every form of the pages answers whatever it is sent, and a refusal changes nothing", async () => {
  const iris = w.as("iris");
  const pages = await Promise.all(pagesWithForms.map(async (path) => (await iris.get(path)).text()));
  const forms = pages.flatMap(formsOf);
  const names = [...new Set(forms.flatMap(({ fields }) => Object.keys(fields)))];
  const patterns = w.app.routes.filter(({ method, path }) => method === "POST" && !endsSession.test(path));
  const others = [...new Set(patterns.map(({ path }) => path))].map((pattern) => ({
    action: pattern.replace(/:(\w+)(\{(?:[^{}]|\{[^{}]*\})*\})?/g, (_, name: string, form = "") =>
      form.includes("36") ? pick(foreign) : form ? "1" : parameter(name),
    ),
    fields: {
      ...Object.fromEntries(names.filter(() => random() < 0.5).map((name) => [name, ""])),
      shown_to: w.people.iris.id,
    },
  }));
  const secret = await openSession(w.db, w.people.iris.id, w.clock.at);
  const sent = [...forms.filter(({ action }) => !endsSession.test(action)), ...others].flatMap((form) =>
    requestsWith(form, `sitebook=${secret}`),
  );
  const { wrong, statuses } = await sendAll(sent);
  expect(wrong, `FUZZ_SEED=${seed}`).toEqual([]);
  expect(forms.length).toBeGreaterThan(40);
  expect(statuses.get(422)).toBeGreaterThan(50);
  expect(await (await w.as("oskar").get("/sites/elsewhere")).text()).toContain(marker);
}, 120_000);
