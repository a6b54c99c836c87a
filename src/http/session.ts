import type { Context, Next } from "hono";
import { type ActingPerson, type Actor, actorOn } from "../access/actor.ts";
import { browserLifetimeMs, rememberBrowser } from "../access/browsers.ts";
import { whyNotMay } from "../access/permissions.ts";
import { type Client, recordSecurityEvent } from "../access/security-events.ts";
import {
  closeSession,
  findSession,
  isSessionOpen,
  openSession,
  type ProviderSignIn,
  providerOfSession,
} from "../access/sessions.ts";
import { findAccess } from "../access/sites.ts";
import { sha256 } from "../database/ids.ts";
import { notFound, refuse } from "../errors.ts";
import type { AnyContext, AppEnv, SiteEnv } from "./context.ts";
import { dropCookie, keepCookie, readCookie } from "./cookies.ts";
import { type Keyed, requestOf } from "./forms.ts";

const sessionCookie = "sitebook";
const browserCookie = "sitebook-browser";

/** The hash of the session's secret, by which lists name it; undefined without a session. */
export function sessionHash(c: AnyContext): string | undefined {
  const secret = readCookie(c, sessionCookie);
  return secret && sha256(secret);
}

/** Sets the person whose session the cookie names, if there is one. */
export async function knowPerson(c: Context<AppEnv>, next: Next) {
  const secret = readCookie(c, sessionCookie);
  const session = secret ? await findSession(c.get("db"), secret, c.get("at"), c.get("sessionLifetime")) : undefined;
  c.set("person", session?.person);
  c.set("signedInAt", session?.signedInAt);
  await next();
}

/** Whether the session of a request that takes long has not ended by now. */
export async function isSignedIn(c: AnyContext): Promise<boolean> {
  const secret = readCookie(c, sessionCookie);
  return secret !== undefined && isSessionOpen(c.get("db"), secret, c.get("now")(), c.get("sessionLifetime"));
}

/**
 * What an open page loads by itself names the person it is for. Answers 401 if that person is no longer signed in, so that
 * the page stays as it is: without this it would show the count of somebody else, or the sign-in page.
 */
export async function onlyForPerson(c: AnyContext, next: Next) {
  const shownTo = c.req.query("for");
  return shownTo === undefined || shownTo === c.get("person")?.id ? next() : c.body(null, 401);
}

/** The secret of this browser, if somebody signed in with it before. */
export const browserSecret = (c: AnyContext): string | undefined => readCookie(c, browserCookie);

/** The address and browser that a request came from. */
export const clientOf = (c: AnyContext): Client => ({
  address: c.get("address")(),
  userAgent: c.req.header("user-agent") ?? "",
});

/**
 * Signs a person in, always with a new session, so that a cookie planted in this browser before is useless. `by`: how, for
 * the security events; undefined if somebody who is signed in only gets a new session.
 */
export async function startSession(
  c: AnyContext,
  personId: string,
  by?: string,
  provider?: ProviderSignIn,
): Promise<void> {
  const [client, lifetime] = [clientOf(c), c.get("sessionLifetime")];
  const secret = await openSession(c.get("db"), personId, c.get("at"), client, provider, lifetime);
  if (by) await recordSecurityEvent(c.get("db"), c.get("at"), client, { kind: "signed_in", personId, detail: by });
  await closeOwnSession(c);
  keepCookie(c, sessionCookie, secret, { lifetimeMs: lifetime.total });
  await knowBrowser(c, personId);
}

/** Remembers this browser as one in which this person signed in. Returns its secret. */
export async function knowBrowser(c: AnyContext, personId: string): Promise<string> {
  const secret = await rememberBrowser(c.get("db"), personId, browserSecret(c), c.get("at"));
  keepCookie(c, browserCookie, secret, { lifetimeMs: browserLifetimeMs });
  return secret;
}

/** How this browser signed in with a provider; undefined without a session, or if it was with a password. */
export async function providerOfBrowser(c: AnyContext): Promise<ProviderSignIn | undefined> {
  const secret = readCookie(c, sessionCookie);
  return secret ? providerOfSession(c.get("db"), secret) : undefined;
}

/** Signs out. Deletes the cookie first, so that it works even if the disk is full and the session cannot be deleted. */
export async function endSession(c: AnyContext): Promise<void> {
  dropCookie(c, sessionCookie);
  await closeOwnSession(c);
}

async function closeOwnSession(c: AnyContext): Promise<void> {
  const secret = readCookie(c, sessionCookie);
  if (secret) await closeSession(c.get("db"), secret);
}

/** Sends people who are not signed in to the sign-in page, and from there back to this one. */
export async function needPerson(c: AnyContext, next: Next) {
  return c.get("person") ? next() : redirect(c, signInAddress(returnAddress(c)));
}

/** The address of the sign-in page, which leads on to `next`. */
export const signInAddress = (next: string): string => `/sign-in?next=${encodeURIComponent(next)}`;

/** Leads to another page, also if htmx sent the request, which would put the page into this one. */
export function redirect(c: AnyContext, address: string): Response {
  return c.req.header("hx-request") ? c.body(null, 401, { "hx-redirect": address }) : c.redirect(address, 303);
}

/** The requested page; for a POST, which cannot be repeated, the page that it was sent from. */
function returnAddress(c: AnyContext): string {
  const page = URL.parse(c.req.method === "GET" ? c.req.url : (c.req.header("referer") ?? c.req.url));
  return page ? page.pathname + page.search : "/";
}

/** A site on which this person or token has no role is not found: nobody learns that it exists. */
export async function needAccess(c: Context<SiteEnv>, next: Next) {
  const access = await findAccess(c.get("db"), c.get("person").id, c.req.param("site") ?? "");
  if (!access) notFound("site");
  c.set("access", access);
  await next();
}

/** Only administrators may open the settings. */
export async function needAdministrator(c: Context<SiteEnv>, next: Next) {
  refuse(whyNotMay(c.get("access"), "administer"), 403);
  await next();
}

/** The actor of a page's request. A form's hidden `key` makes its repetition harmless. */
export function sessionActor(c: Context<SiteEnv>, form?: Keyed): Actor {
  const actor = actorOn(c.get("access"), c.get("person"), c.get("at"), requestOf(c, form));
  return { ...actor, signedInAt: c.get("signedInAt"), client: clientOf(c) };
}

/** Who sent a request that is about no site, and from where. */
export const actingPerson = (c: AnyContext): ActingPerson => ({
  person: c.get("person"),
  client: clientOf(c),
  at: c.get("at"),
});
