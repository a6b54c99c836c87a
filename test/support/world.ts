import type { Hono } from "hono";
import type { Actor, Person } from "../../src/access/actor.ts";
import { type Permission, permissions } from "../../src/access/permissions.ts";
import { openSession } from "../../src/access/sessions.ts";
import { findAccess, type Site } from "../../src/access/sites.ts";
import { createApp } from "../../src/app.ts";
import type { Database } from "../../src/database/connect.ts";
import { newId, newSecret, sha256 } from "../../src/database/ids.ts";
import { recordDeployment } from "../../src/deployments/record.ts";
import { loadAssets } from "../../src/http/assets.ts";
import type { AppEnv } from "../../src/http/context.ts";
import { hashPassword } from "../../src/people/passwords.ts";
import { complete, decide, requestPromotion } from "../../src/promotions/promotions.ts";
import type { DeploymentReport, ReportLine } from "../../src/record/report.ts";
import { createRelease } from "../../src/releases/releases.ts";
import { createSite, insertSite } from "../../src/sites/sites.ts";
import { engine, type Fresh, perEngine, readyDatabase } from "./database.ts";
import { validHtml } from "./html.ts";

/** The people of the shop, and Oskar, who only has a role on another site. */
const cast = {
  iris: ["Iris", "administrator"],
  ada: ["Ada", "account-manager"],
  cleo: ["Cleo", "contributor"],
  theo: ["Theo", "tester"],
  mara: ["Mara", "marketing"],
  vera: ["Vera", "viewer"],
  oskar: ["Oskar", undefined],
} as const;

export type Name = keyof typeof cast;

export type World = ReturnType<typeof around>;

/**
 * A shop with beta, demo (gate: one tester) and live (gate: one marketing), servers for all three, in Europe/London, on
 * a new database, or on this migrated one. The clock is at 3 March 2026, 10:00 UTC, until the test sets it.
 */
export async function world(database?: Promise<Pick<Fresh, "db" | "close">>) {
  return around(database ? await withShop(await database) : await newShop());
}

/** Returns a function for shops in which this story has happened: it runs once in each worker, and is copied then. */
export function lived(story: (w: World) => Promise<void>): () => Promise<World> {
  const live = async (db: Database) => {
    const w = await world(Promise.resolve({ db, close: async () => undefined }));
    await story(w);
    return { people: w.people, site: w.site, at: w.clock.at };
  };
  const template = perEngine(() => readyDatabase<Omit<Shop, "db" | "close"> & { at: string }>(live));
  return async () => {
    const { copy, at, ...shop } = await template();
    return around({ ...shop, ...(await copy()) }, at);
  };
}

type Shop = Awaited<ReturnType<typeof newShop>>;

function around({ db, close, people, ...shop }: Pick<Shop, "db" | "close" | "people" | "site">, at = morning) {
  const clock = { at };
  // a copy, as a test may change its gates
  const site = structuredClone(shop.site);
  const app = createApp(db, {
    assets,
    baseUrl: "http://sitebook.test",
    now: () => new Date(clock.at),
    address: (request) => request.headers.get("x-test-address") ?? "",
  });
  const by = (name: Name) => actor(db, people[name], site, clock.at);
  return {
    db,
    app,
    clock,
    site,
    people,
    by,
    close,
    /** A browser with this person signed in; "nobody" has no session. */
    as: (name: Name | "nobody") => browser(app, db, name === "nobody" ? undefined : people[name], clock),
    /** An API client with a token that has this role on the shop, or on another site. */
    token: (role: string, on: Pick<Site, "id"> = site) => client(app, db, on, people.iris, role, clock.at),
    /** Cleo records lines such as "/sale v3", "checkout-service 3.4.1" or "-/old" (removed) in an environment. */
    record: async (environment: string, lines: string[], more: Partial<DeploymentReport> = {}) =>
      recordDeployment(db, await by("cleo"), site, environmentOf(site, environment), {
        ...more,
        placements: lines.map(lineOf),
      }),
    /** Ada creates a release of these pages as they are on beta, or of all differences from demo. */
    release: async (name: string, keys?: string[], from = "beta") =>
      createRelease(
        db,
        await by("ada"),
        site,
        keys
          ? { name, from, contents: await contentsOf(db, environmentOf(site, from).id, keys) }
          : { name, differences: { from, to: "demo" } },
      ),
    /** Ada requests a promotion, the right person approves it, and Ada completes it. */
    promote: async (release: number, to: string, at: { effective_at?: string } = {}) => {
      const { number, digest } = await requestPromotion(db, await by("ada"), site, { release, to });
      const approver: Name = to === "demo" ? "theo" : "mara";
      await decide(db, await by(approver), site, number, { decision: "approve", digest });
      return complete(db, await by("ada"), site, number, at);
    },
    ask: async (release: number, to: string) => requestPromotion(db, await by("ada"), site, { release, to }),
  };
}

const assets = loadAssets();

const morning = "2026-03-03T10:00:00.000Z";

async function withShop<T extends Pick<Fresh, "db">>(database: T) {
  const people = await populate(database.db, morning);
  return { ...database, people, site: await createShop(database.db, people) };
}

const emptyShop = perEngine(() =>
  readyDatabase<Pick<Awaited<ReturnType<typeof withShop>>, "people" | "site">>((db) => withShop({ db })),
);

/** The shop before anything is recorded, a copy of one that is created once in each worker. */
async function newShop() {
  const { people, site, copy } = await emptyShop();
  return { people, site, ...(await copy()) };
}

/** Of all people. */
export const password = "correct horse battery";

/** Hashed at little cost: what is stored says which, and tests sign in often. */
const storedPassword = await hashPassword(password, { memory: 8, passes: 1, parallelism: 1 });

async function populate(db: Database, at: string): Promise<Record<Name, Person>> {
  const entries = Object.entries(cast).map(([key, [name]]) => {
    const person: Person = { id: newId(), name, kind: "person", email: `${key}@example.test` };
    return [key, person] as const;
  });
  await db
    .insertInto("people")
    .values(entries.map(([, person]) => ({ ...person, password: storedPassword, created_at: at })))
    .execute();
  return Object.fromEntries(entries) as Record<Name, Person>;
}

async function createShop(db: Database, people: Record<Name, Person>): Promise<Site> {
  const founder: Actor = {
    person: people.iris,
    roles: [],
    permissions: new Set(permissions),
    at: "2026-01-05T08:00:00.000Z",
  };
  const server = (host: string) => [{ name: "web", base_url: `https://${host}.shop.example` }];
  await createSite(db, founder, {
    slug: "shop",
    name: "Fennel & Co",
    time_zone: "Europe/London",
    environments: [
      { slug: "beta", tier: "development", servers: server("beta") },
      { slug: "demo", tier: "staging", servers: server("demo") },
      { slug: "live", tier: "production", servers: server("www") },
    ],
  });
  const elsewhere = { slug: "elsewhere", name: "Elsewhere" };
  await db.transaction().execute((trx) => insertSite(trx, { ...founder, person: people.oskar }, elsewhere));
  const access = await findAccess(db, people.iris.id, "shop");
  if (!access) throw new Error("the shop was not created");
  const members = Object.entries(cast).filter(([key, [, role]]) => role && key !== "iris");
  await db
    .insertInto("memberships")
    .values(
      members.map(([key, [, role]]) => ({
        site_id: access.site.id,
        person_id: people[key as Name].id,
        role: role as string,
        since: founder.at,
      })),
    )
    .execute();
  return access.site;
}

async function actor(db: Database, person: Person, site: Site, at: string): Promise<Actor> {
  const held = await db
    .selectFrom("memberships as m")
    .innerJoin("roles as r", "r.slug", "m.role")
    .select(["m.role", "r.permissions"])
    .where("m.person_id", "=", person.id)
    .where("m.site_id", "=", site.id)
    .execute();
  const granted = new Set(held.flatMap((row) => JSON.parse(row.permissions) as Permission[]));
  return { person, roles: held.map(({ role }) => role), permissions: granted, at };
}

export function environmentOf(site: Site, slug: string) {
  const environment = site.environments.find((candidate) => candidate.slug === slug);
  if (!environment) throw new Error(`no environment ${slug}`);
  return environment;
}

/** "/sale v3" → a page at v3; "checkout-service 3.4.1" → software; a leading "-" removes. */
export function lineOf(text: string): ReportLine {
  const removed = text.startsWith("-");
  const [key = "", version] = text.replace(/^-/, "").split(" ");
  return { kind: key.startsWith("/") ? "page" : "software", key, version: removed ? null : (version ?? null) };
}

async function contentsOf(db: Database, environmentId: string, keys: string[]) {
  const rows = await db
    .selectFrom("current_placements as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .leftJoin("versions as v", "v.id", "c.version_id")
    .select(["a.kind", "a.key", "v.label as version"])
    .where("c.environment_id", "=", environmentId)
    .where("a.key", "in", keys)
    .execute();
  return rows;
}

type Fields = Record<string, string | string[]>;

export function browser(app: Hono<AppEnv>, db: Database, person: Person | undefined, clock: { at: string }) {
  const jar = new Map<string, string>();
  const start = person && openSession(db, person.id, clock.at).then((secret) => jar.set("sitebook", secret));
  const send = async (path: string, init: RequestInit = {}): Promise<Response> => {
    await start;
    const headers = new Headers(init.headers);
    if (jar.size) headers.set("cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
    if (init.method === "POST" && !headers.has("origin")) headers.set("origin", "http://sitebook.test");
    const response = await app.request(`http://sitebook.test${path}`, { ...init, headers });
    for (const cookie of response.headers.getSetCookie()) storeCookie(jar, cookie);
    return check(response);
  };
  return {
    get: (path: string, headers: Record<string, string> = {}) => send(path, { headers }),
    post: (path: string, fields: Fields = {}, headers: Record<string, string> = {}) =>
      send(path, { method: "POST", body: formOf(fields), headers }),
    upload: (path: string, body: FormData, headers: Record<string, string> = {}) =>
      send(path, { method: "POST", body, headers }),
    /** Posts a form, and follows the redirect. */
    submit: async (path: string, fields: Fields = {}, headers: Record<string, string> = {}) => {
      const response = await send(path, { method: "POST", body: formOf(fields), headers });
      return response.status === 303 ? send(response.headers.get("location") ?? "/") : response;
    },
  };
}

function storeCookie(jar: Map<string, string>, cookie: string): void {
  const [pair = "", ...attributes] = cookie.split(";");
  const [name = "", value = ""] = pair.split("=");
  if (attributes.some((attribute) => /max-age=0/i.test(attribute.trim()))) jar.delete(name);
  else jar.set(name, value);
}

function formOf(fields: Fields): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) for (const item of [value].flat()) form.append(name, item);
  return form;
}

/** Checks the markup of each page: it must be valid, accessible and allowed by the content security policy. */
async function check(response: Response): Promise<Response> {
  // pages do not depend on the engine, and checking one takes several times as long as creating it
  const isPage = response.headers.get("content-type")?.startsWith("text/html");
  if (engine !== "sqlite" || !isPage || response.headers.has("content-encoding")) return response;
  const problems = validHtml(await response.clone().text());
  if (problems.length) throw new Error(`bad markup:\n${problems.join("\n")}`);
  return response;
}

async function client(
  app: Hono<AppEnv>,
  db: Database,
  site: Pick<Site, "id">,
  creator: Person,
  role: string,
  at: string,
) {
  const secret = newSecret();
  const machine = {
    id: newId(),
    name: `${role} token`,
    kind: "machine" as const,
    email: null,
    password: null,
    created_at: at,
  };
  await db.insertInto("people").values(machine).execute();
  await db.insertInto("memberships").values({ site_id: site.id, person_id: machine.id, role, since: at }).execute();
  await db
    .insertInto("tokens")
    .values({
      id: newId(),
      site_id: site.id,
      person_id: machine.id,
      hash: sha256(secret),
      created_by: creator.id,
      created_at: at,
      expires_at: null,
      revoked_at: null,
    })
    .execute();
  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    app.request(`http://sitebook.test/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${secret}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  return {
    secret,
    machine,
    send,
    get: (path: string, headers?: Record<string, string>) => send("GET", path, undefined, headers),
    post: (path: string, body: unknown, headers?: Record<string, string>) => send("POST", path, body, headers),
  };
}
