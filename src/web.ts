import type { Context, Next } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Frame } from "../views/layout.ts";
import { door, layout } from "../views/layout.ts";
import type { Html } from "../views/parts/html.ts";
import type { AssetUrls } from "./assets.ts";
import { sha256 } from "./database/id.ts";
import type { Database } from "./database/open.ts";
import type { Environment } from "./environments/queries.ts";
import { missing, Refusal, refuse } from "./errors.ts";
import type { By, Person } from "./people/by.ts";
import type { LimitHashing } from "./people/password-queue.ts";
import { whyNotMay } from "./people/roles.ts";
import { closeSession, findSession, lasts, openSession } from "./people/sessions.ts";
import { type Access, findAccess, type Site, sitesOf } from "./sites/queries.ts";

/** What every handler can count on. */
export type AppEnv = {
  Variables: {
    db: Database;
    /** The moment of the request, ISO 8601 UTC with milliseconds. */
    at: string;
    baseUrl: string;
    /** Where the request comes from, for limits on tries; asked by few. */
    address: () => string;
    limitHashing: LimitHashing;
    assets: AssetUrls;
    /** What a page of a site shows around its content that depends on what is recorded. */
    siteFrame: (c: SiteContext, environment?: string) => Promise<Pick<Frame, "environments" | "inboxCount">>;
    person: Person | undefined;
  };
};

/** … below /sites/:site: somebody is signed in and may see it. */
export type SiteEnv = { Variables: AppEnv["Variables"] & { person: Person; access: Access } };

/** A context of any page, below a site or not. (Hono's contexts of a wider and a narrower Env do not fit each other.) */
// biome-ignore lint/suspicious/noExplicitAny: see above
type AnyContext = Context<any>;

export type SiteContext = Context<SiteEnv>;

const secure = (c: AnyContext) => c.get("baseUrl").startsWith("https:");
const sessionCookie = (c: AnyContext) => (secure(c) ? "__Host-sitebook" : "sitebook");

/** Whose session the browser's cookie names. */
export async function knowPerson(c: Context<AppEnv>, next: Next) {
  const secret = getCookie(c, sessionCookie(c));
  c.set("person", secret ? await findSession(c.get("db"), secret, c.get("at")) : undefined);
  await next();
}

/** Signs a person in. The session is always a new one, so that a secret planted in this browser before is worth nothing. */
export async function startSession(c: AnyContext, personId: string): Promise<void> {
  const secret = await openSession(c.get("db"), personId, c.get("at"));
  await closeOwnSession(c);
  setCookie(c, sessionCookie(c), secret, {
    httpOnly: true,
    sameSite: "Lax",
    path: "/",
    secure: secure(c),
    maxAge: lasts.atMost / 1000,
  });
}

/** Signs out: this browser in any case, even where the disk is full and the session cannot be removed. */
export async function endSession(c: AnyContext): Promise<void> {
  deleteCookie(c, sessionCookie(c), { path: "/", secure: secure(c) });
  await closeOwnSession(c);
}

async function closeOwnSession(c: AnyContext): Promise<void> {
  const secret = getCookie(c, sessionCookie(c));
  if (secret) await closeSession(c.get("db"), secret);
}

/** Who is not signed in goes to do so, and comes back to where they were. */
export async function needPerson(c: AnyContext, next: Next) {
  if (c.get("person")) return next();
  const target = `/sign-in?next=${encodeURIComponent(cameFor(c))}`;
  if (c.req.header("hx-request")) return c.body(null, 401, { "hx-redirect": target });
  return c.redirect(target, 303);
}

/** The page that was asked for; for a post, which cannot be asked for again, the page it was sent from. */
function cameFor(c: AnyContext): string {
  const page = URL.parse(c.req.method === "GET" ? c.req.url : (c.req.header("referer") ?? c.req.url));
  return page ? page.pathname + page.search : "/";
}

export async function needAccess(c: Context<SiteEnv>, next: Next) {
  const access = await findAccess(c.get("db"), c.get("person").id, c.req.param("site") ?? "");
  if (!access) missing("site");
  c.set("access", access);
  await next();
}

/** The settings are for administrators. */
export async function needAdministrator(c: Context<SiteEnv>, next: Next) {
  refuse(whyNotMay(c.get("access"), "administer"), 403);
  await next();
}

/** Who acts. A form's hidden `key` makes its repetition harmless. */
export function by(c: Context<SiteEnv>, form?: Keyed): By {
  const { roles, permissions } = c.get("access");
  return { person: c.get("person"), roles, permissions, at: c.get("at"), request: requestOf(c, form) };
}

type Keyed = { key?: string | undefined } & object;

/** What makes a repeated form post harmless. A key that is none of ours is no key. */
export function requestOf(c: AnyContext, form: Keyed | undefined): By["request"] {
  if (!form?.key || !/^[\w-]{1,200}$/.test(form.key)) return;
  return { key: form.key, fingerprint: sha256(`${c.req.path} ${JSON.stringify(form)}`) };
}

export function findPlace(site: Site, slug: string): Environment {
  return site.environments.find((one) => one.slug === slug) ?? missing("environment");
}

type Page = Pick<Frame, "title"> & Partial<Pick<Frame, "here" | "rail" | "past">> & { environment?: string };

type Status = 200 | 201 | 400 | 401 | 403 | 404 | 409 | 413 | 422 | 429;

/** Answers a whole page of a site: its frame, with rail, inbox count and whatever was to be said, and the content. */
export async function page(c: Context<SiteEnv>, about: Page, content: Html, status: Status = 200) {
  const { site, permissions } = c.get("access");
  const frame: Frame = {
    ...(await plainFrame(c, about.title)),
    rail: "slim",
    ...about,
    site: { slug: site.slug, name: site.name, timeZone: site.time_zone },
    ...(await c.get("siteFrame")(c, about.environment)),
    may: { record: permissions.has("record"), settings: permissions.has("administer") },
  };
  return answer(c, layout(frame, content), status);
}

export function answer(c: AnyContext, markup: Html, status: number = 200): Response {
  // as bytes: the adapter takes several times as long to send a long text
  return c.body(Buffer.from(String(markup)), status as Status, { "content-type": "text/html; charset=UTF-8" });
}

/** Answers a page that belongs to no site. */
export async function plainPage(c: AnyContext, title: string, content: Html, status: Status = 200) {
  return answer(c, layout(await plainFrame(c, title), content), status);
}

/** Answers a page before the book is open: signing in, setting up, choosing a password. */
export async function doorPage(c: AnyContext, title: string, content: Html, status: Status = 200) {
  return answer(c, door(await plainFrame(c, title), content), status);
}

/** The frame of a page that belongs to no site. */
export async function plainFrame(c: AnyContext, title: string): Promise<Frame> {
  const person = c.get("person");
  return {
    title,
    path: c.req.path,
    assets: c.get("assets"),
    now: c.get("at"),
    sites: person ? await sitesOf(c.get("db"), person.id) : [],
    environments: [],
    rail: "none",
    inboxCount: 0,
    person,
    flash: flash(c),
  };
}

/** Says something on the next page that this browser opens. */
export function say(c: AnyContext, text: string, kind: "done" | "bad" = "done"): void {
  setCookie(c, "said", JSON.stringify({ kind, text: text.slice(0, 500) }), {
    httpOnly: true,
    sameSite: "Lax",
    path: "/",
    secure: secure(c),
    maxAge: 60,
  });
}

function flash(c: AnyContext): Frame["flash"] {
  const said = getCookie(c, "said");
  if (!said) return;
  deleteCookie(c, "said", { path: "/", secure: secure(c) });
  try {
    const { kind, text } = JSON.parse(said) as { kind: unknown; text: unknown };
    return { kind: kind === "bad" ? "bad" : "done", text: String(text) };
  } catch {
    return;
  }
}

/** The named fields of a posted form as text; what is missing, or is a file, is empty. */
export async function fields<Name extends string>(c: AnyContext, ...names: Name[]): Promise<Record<Name, string>> {
  const form = await formOf(c);
  return Object.fromEntries(names.map((name) => [name, texts(form[name]).at(-1) ?? ""])) as Record<Name, string>;
}

/** All that a posted form says under one name, such as the boxes ticked. */
export async function choices(c: AnyContext, name: string): Promise<string[]> {
  return texts((await formOf(c))[name]);
}

type Value = string | File | (string | File)[] | undefined;

const texts = (value: Value): string[] => [value ?? []].flat().filter((one) => typeof one === "string");

function formOf(c: AnyContext): Promise<Record<string, Value>> {
  return c.req.parseBody({ all: true }).catch(() => {
    throw new Refusal(400, "The form could not be read: it is not well-formed.");
  });
}
