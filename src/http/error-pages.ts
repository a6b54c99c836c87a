import { randomBytes } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { errorPage } from "../../views/error.ts";
import { layout, signedOutLayout } from "../../views/layout.ts";
import type { Html } from "../../views/parts/html.ts";
import { isDiskFull } from "../database/errors.ts";
import { Refusal } from "../errors.ts";
import type { AppEnv, SiteContext } from "./context.ts";
import { plainFrame, sendHtml, sitePage } from "./pages.ts";
import { sendProblem } from "./problem.ts";

const titles: Record<number, string> = {
  400: "That could not be read",
  401: "Sign in first",
  403: "Not allowed",
  404: "Not here",
  409: "That cannot be done now",
  413: "Too much at once",
  415: "That could not be read",
  422: "That cannot be recorded",
  429: "Too many tries",
  500: "Something went wrong",
  503: "Not now",
  507: "No room left",
};

/** Seconds until a machine may try again, where the refusal does not know better. */
const retryAfter: Record<number, number> = { 503: 10, 507: 60 };

/** Turns whatever was thrown into an answer: expected refusals say why, anything else is logged and shows only a reference. */
export async function handleError(error: Error, c: Context<AppEnv>): Promise<Response> {
  const refusal = asRefusal(error);
  const wait = refusal.retryAfter ?? retryAfter[refusal.status];
  if (wait) c.header("retry-after", String(wait));
  if (hasHungUp(c)) return c.body(null, refusal.status as 404);
  if (/^\/api(\/|$)/.test(c.req.path)) return sendProblem(c, refusal);
  const title = titles[refusal.status] ?? "That did not work";
  const content = errorPage({
    title,
    sentence: refusal.message,
    reasons: refusal.blockers.map((one) => one.message),
    back: sameOrigin(c, c.req.header("referer")),
  });
  return framed(c, title, content, refusal.status);
}

/** Nobody reads what is answered then, and of slow clients many hang up at once. */
function hasHungUp(c: Context<AppEnv>): boolean {
  return (c.env as Partial<HttpBindings> | undefined)?.incoming?.socket?.destroyed === true;
}

/** In the frame that is known by then: the site's, or the person's. A fault gets a bare one, which asks the database nothing. */
async function framed(c: Context<AppEnv>, title: string, content: Html, status: number): Promise<Response> {
  const known = c as unknown as SiteContext;
  if (status < 500 && known.var.access) return sitePage(known, { title }, content, status as 404);
  if (status < 500 && c.var.person) return sendHtml(c, layout(await plainFrame(c, title), content), status);
  return sendHtml(c, signedOutLayout({ title, assets: c.var.assets }, content), status);
}

function asRefusal(error: Error): { status: number } & Omit<Refusal, "status" | "name"> {
  if (error instanceof Refusal) return error;
  const nothing = { code: undefined, retryAfter: undefined, errors: [], blockers: [] };
  if (error instanceof HTTPException) return { status: error.status, message: sentenceFor(error), ...nothing };
  const code = "code" in error ? String(error.code) : "";
  if (code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY" || code === "23505")
    return { status: 409, message: "Somebody did the same at the same moment. Look at it again.", ...nothing };
  // whoever sent it is gone, so that nobody reads this
  if (code === "ECONNRESET" && error.message === "aborted")
    return { status: 400, message: "The request broke off.", ...nothing };
  if (isDiskFull(error)) {
    console.error(`There is no room left for the database: ${error.message}`);
    return { status: 507, message: noRoom, ...nothing };
  }
  if (isAway(error, code)) {
    console.error(`The database does not answer: ${error.message}`);
    return { status: 503, message: "The database does not answer at the moment. Try again shortly.", ...nothing };
  }
  const reference = randomBytes(4).toString("hex");
  console.error(`error ${reference}:`, error);
  return {
    status: 500,
    message: `This is a fault in Sitebook. It was noted under the reference ${reference}.`,
    ...nothing,
  };
}

const noRoom =
  "The disk is full, so nothing was recorded. What is there can still be looked up; tell whoever runs Sitebook.";

/** Not reached, cut off, shutting down, out of connections or memory (PostgreSQL's classes 08, 53 and 57P), or locked for too long. */
function isAway(error: Error, code: string): boolean {
  return (
    /^(08|53|57P)\w+$|^ECONN|^EPIPE|^SQLITE_BUSY/.test(code) ||
    ("syscall" in error && error.syscall === "connect") ||
    // pg's own words for a connection that broke, which have no code
    /^Connection terminated|not queryable$/.test(error.message)
  );
}

function sentenceFor(error: HTTPException): string {
  if (error.status === 403) return "This request came from another site, so it was not carried out.";
  if (error.status === 415) return "Send the body as JSON, with the header Content-Type: application/json.";
  if (error.status === 400) return "The body could not be read: it is not well-formed.";
  return error.message || titles[error.status] || "That did not work.";
}

function sameOrigin(c: Context<AppEnv>, referer: string | undefined): string | undefined {
  const url = referer ? URL.parse(referer) : null;
  return url && url.host === new URL(c.req.url).host && url.pathname !== c.req.path
    ? url.pathname + url.search
    : undefined;
}
