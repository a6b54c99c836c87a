import type { Context, Hono, MiddlewareHandler, Next } from "hono";
import { otherPersonPage } from "../../views/other-person.ts";
import { isKnownBrowser } from "../access/browsers.ts";
import { dropKeptForm, findKeptForm, keepForm } from "../access/kept-forms.ts";
import { isDiskFull } from "../database/errors.ts";
import { readOnly } from "../database/read-only.ts";
import { Refusal } from "../errors.ts";
import type { AnyContext, AppEnv } from "./context.ts";
import { postedForm } from "./forms.ts";
import { flash, plainPage } from "./pages.ts";
import { browserSecret, knowBrowser, redirect, signInAddress } from "./session.ts";

/** A form that was not acted on. Passwords are never kept. */
interface UnsentForm {
  why: keyof typeof sentences;
  /** Where it was posted to, with the query. */
  path: string;
  /** The page that it is on. */
  page: string;
  contentType: string;
  /** Base64. */
  body: string;
}

/** The page that answered a form. */
interface Answer {
  status: number;
  page: string;
  html: string;
  /** It contains a secret. */
  once: boolean;
}

const sentences = {
  signedOut: "You were signed out before this was sent. Nothing was recorded.",
  otherPerson: "Somebody else was signed in when this was sent. Nothing was recorded.",
};

/** About 10,000 lines of a deployment. */
const maxUnsentBytes = 2 * 1024 * 1024;
const maxAnswerBytes = 8 * 1024 * 1024;

/**
 * A form acts for the person to whom its page was shown, whose id it carries. If that person has been signed out, or
 * somebody else has signed in, nothing is done and the form is kept until they sign in again. Other forms are answered by
 * a redirect, so that going back never asks to send a form again.
 */
export async function guardForms(c: Context<AppEnv>, next: Next) {
  if (c.req.method !== "POST" || replayed(c)) return next();
  const { person } = c.var;
  if (!person) return keepForSignIn(c, next);
  const shownTo = (await postedForm(c))?.get("shown_to");
  if (typeof shownTo === "string" && shownTo !== person.id) return refuseForOther(c, shownTo, person.name);
  await next();
  await dropAfterSuccess(c, person.id);
  await redirectToAnswer(c, person.id);
}

async function keepForSignIn(c: Context<AppEnv>, next: Next) {
  if (c.req.path === "/sign-out") return next();
  const address = await keepSignedOut(c);
  if (address) c.res = redirect(c, signInAddress(address));
  else await next();
  const target = c.res.headers.get("location") ?? c.res.headers.get("hx-redirect");
  if (target?.startsWith("/sign-in?")) flash(c, sentences.signedOut, "bad");
}

/** Reads the form only in a browser in which somebody signed in before: nobody else can fill the database. */
async function keepSignedOut(c: Context<AppEnv>): Promise<string | undefined> {
  const length = Number(c.req.header("content-length") ?? Number.NaN);
  if (!browserSecret(c) || !(length <= maxUnsentBytes)) return;
  const form = await postedForm(c);
  const shownTo = form?.get("shown_to");
  if (form && typeof shownTo === "string") return keepUnsent(c, form, shownTo, "signedOut");
}

async function refuseForOther(c: Context<AppEnv>, shownTo: string, name: string) {
  const form = await postedForm(c);
  const address = form && (await keepUnsent(c, form, shownTo, "otherPerson"));
  if (address) return redirect(c, address);
  throw new Refusal(
    409,
    `This page was shown to somebody else, and ${name} is signed in now. Nothing was recorded. Reload the page before you go on.`,
  );
}

/** Keeps a form for the person to whom it was shown. Returns the address at which they find it; undefined if it cannot be kept. */
async function keepUnsent(
  c: Context<AppEnv>,
  form: FormData,
  personId: string,
  why: UnsentForm["why"],
): Promise<string | undefined> {
  const { db, at } = c.var;
  const secret = browserSecret(c);
  const hasPassword = ["password", "email_password", "current", "again", "secret"].some((name) => form.has(name));
  if (!secret || hasPassword || !(await isKnownBrowser(db, secret, personId, at))) return;
  const encoded = new Response(form);
  const body = Buffer.from(await encoded.arrayBuffer());
  if (body.length > maxUnsentBytes) return;
  const unsent: UnsentForm = {
    why,
    path: pathOf(c.req.url),
    page: formPage(c),
    contentType: encoded.headers.get("content-type") ?? "",
    body: body.toString("base64"),
  };
  return keptAddress(unsent.page, await keepForm(db, { personId, secret, at }, unsent));
}

/** The form is sent now, so the address at which it was kept must no longer say that it was not. */
async function dropAfterSuccess(c: Context<AppEnv>, personId: string): Promise<void> {
  const id = URL.parse(c.req.header("referer") ?? "")?.searchParams.get("kept");
  const secret = browserSecret(c);
  const sent = c.res.status === 303 && c.req.path !== "/sign-out" && !c.req.header("hx-request");
  if (!id || !secret || !sent) return;
  const kept = await findKeptForm<UnsentForm | Answer>(c.var.db, { id, secret, at: c.var.at });
  if (kept?.person.id === personId && "why" in kept.content) await dropKeptForm(c.var.db, id);
}

/** Keeps the page that answers a form, and redirects to it. A client that does not ask for HTML has no Back button. */
async function redirectToAnswer(c: Context<AppEnv>, personId: string): Promise<void> {
  const { status, headers } = c.res;
  const isPage = headers.get("content-type")?.startsWith("text/html") && status < 500;
  if (!isPage || c.req.header("hx-request") || !c.req.header("accept")?.includes("text/html")) return;
  const bytes = Buffer.from(await c.res.arrayBuffer());
  const page = c.get("answerAddress") ?? formPage(c);
  const answer: Answer = { status, page, html: String(bytes), once: status === 201 };
  const address = bytes.length > maxAnswerBytes ? undefined : await keepAnswer(c, personId, answer);
  if (!address) {
    c.res = new Response(bytes, { status, headers });
    return;
  }
  // Hono gives the headers of the old response to the new one, and a client would wait for a body that never comes
  c.res = c.redirect(address, 303);
  c.res.headers.delete("content-length");
}

async function keepAnswer(c: Context<AppEnv>, personId: string, answer: Answer): Promise<string | undefined> {
  const { db, at } = c.var;
  try {
    const secret = await knowBrowser(c, personId);
    return keptAddress(answer.page, await keepForm(db, { personId, secret, at }, answer));
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}

/** Shows what is kept at an address with `?kept=`: an answer as it was, or an unsent form as its own page shows it filled. */
export function showKept(app: Hono<AppEnv>): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const id = c.req.query("kept");
    const { person, db, at } = c.var;
    if (c.req.method !== "GET" || !id || !person) return next();
    const secret = browserSecret(c);
    const kept = secret && (await findKeptForm<UnsentForm | Answer>(db, { id, secret, at }));
    if (!kept) {
      flash(c, "What was shown here is no longer kept. This is the page as it is now.", "bad");
      return c.redirect(withoutKept(pathOf(c.req.url)), 303);
    }
    const { content } = kept;
    if (kept.person.id !== person.id) return showOther(c, kept.person.name, person.name, content.page);
    if ("why" in content) return replay(app, c, content);
    if (content.once) await dropKeptForm(db, id);
    return c.body(content.html, content.status as 200, { "content-type": "text/html; charset=UTF-8" });
  };
}

const showOther = (c: Context<AppEnv>, owner: string, person: string, page: string) =>
  plainPage(c, "Signed in as somebody else", otherPersonPage({ owner, person, page, here: pathOf(c.req.url) }), 409);

/** What a replayed request has in its environment; no client can set that. */
interface Replay {
  replay?: { sentence: string; page: string } | undefined;
}

const replayed = (c: AnyContext) => (c.env as Replay | undefined)?.replay;

/** Posts the form again, on a database that refuses to write: so its own page shows it filled, as after any refusal. */
function replay(app: Hono<AppEnv>, c: Context<AppEnv>, { why, path, page, contentType, body }: UnsentForm) {
  const url = new URL(path, c.req.url);
  const headers = {
    cookie: c.req.header("cookie") ?? "",
    origin: url.origin,
    referer: new URL(page, url).href,
    "content-type": contentType,
  };
  const request = new Request(url, { method: "POST", headers, body: Buffer.from(body, "base64") });
  const env: Replay = { ...(c.env as object), replay: { sentence: sentences[why], page } };
  return app.fetch(request, env);
}

/** For a replayed form: nothing can be written, and its page says why. */
export async function withholdWrites(c: Context<AppEnv>, next: Next) {
  const replay = replayed(c);
  if (!replay) return next();
  const { sentence, page } = replay;
  c.set("notice", { kind: "bad", text: sentence });
  // with an empty field, as forms show the refusal of a field beside it, and the notice says it already
  const refusal = new Refusal(409, sentence, { errors: [{ path: "", message: sentence }] });
  c.set("db", readOnly(c.var.db, refusal));
  await next();
  // a form without fields to fill in has no page of its own for refusals
  if (c.error === refusal) {
    flash(c, sentence, "bad");
    c.res = c.redirect(page, 303);
  }
}

/** The page from which a form was sent. */
function formPage(c: AnyContext): string {
  const path = withoutKept(pathOf(c.req.header("referer") ?? ""));
  return /^\/(?![/\\])/.test(path) ? path : "/";
}

function pathOf(address: string): string {
  const url = URL.parse(address);
  return url ? url.pathname + url.search : "/";
}

const keptAddress = (page: string, id: string) => withQuery(page, (query) => query.set("kept", id));
const withoutKept = (path: string) => withQuery(path, (query) => query.delete("kept"));

function withQuery(path: string, change: (query: URLSearchParams) => void): string {
  const [pathname = "", search] = path.split("?");
  const query = new URLSearchParams(search);
  change(query);
  return query.size ? `${pathname}?${query}` : pathname;
}
