import { randomBytes } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { errorPage } from "../../views/error.ts";
import { signedOutLayout } from "../../views/layout.ts";
import { bytesOf, type Html } from "../../views/parts/html.ts";
import { isDiskFull } from "../database/errors.ts";
import { Refusal } from "../errors.ts";
import { logError } from "../log.ts";
import type { AppEnv, SiteContext } from "./context.ts";
import { plainPage, sendHtml, sitePage } from "./pages.ts";
import { sendProblem } from "./problem.ts";

const titles: Record<number, string> = {
  400: "Request not understood",
  401: "Sign in first",
  403: "Not allowed",
  404: "Page not found",
  409: "Not possible now",
  413: "Too large",
  415: "Request not understood",
  422: "Not valid",
  429: "Too many attempts",
  500: "Something went wrong",
  503: "Database unavailable",
  507: "Disk full",
};

/** Seconds until a client should try again, unless the refusal has its own. */
const retryAfter: Record<number, number> = { 503: 10, 507: 60 };

/** Turns an error into a response. Refusals are shown with their sentence; a bug is logged and shown as a reference. */
export async function handleError(error: Error, c: Context<AppEnv>): Promise<Response> {
  const refusal = asRefusal(error);
  const waitSeconds = refusal.retryAfter ?? retryAfter[refusal.status];
  if (waitSeconds) c.header("retry-after", String(waitSeconds));
  if (hasHungUp(c)) return c.body(null, refusal.status as 404);
  if (/^\/api(\/|$)/.test(c.req.path)) return sendProblem(c, refusal);
  const title = titles[refusal.status] ?? "Not done";
  const content = errorPage({
    title,
    sentence: refusal.message,
    reasons: refusal.blockers.map(({ message }) => message),
    back: sameOrigin(c, c.req.header("referer")),
  });
  return framed(c, title, content, refusal.status);
}

/** No page is rendered then: under attack many clients hang up at once. */
function hasHungUp(c: Context<AppEnv>): boolean {
  return (c.env as Partial<HttpBindings> | undefined)?.incoming?.socket?.destroyed === true;
}

/** In the site's frame, or the person's, if they are known. A fault gets a frame that needs no database. */
async function framed(c: Context<AppEnv>, title: string, content: Html, status: number): Promise<Response> {
  const siteContext = c as unknown as SiteContext;
  if (status < 500 && siteContext.var.access) return sitePage(siteContext, { title }, content, status as 404);
  if (status < 500 && c.var.person) return plainPage(c, title, content, status as 404);
  return sendHtml(c, bytesOf(signedOutLayout({ title, assets: c.var.assets }, content)), status);
}

function asRefusal(error: Error): { status: number } & Omit<Refusal, "status" | "name"> {
  if (error instanceof Refusal) return error;
  const noDetails = { code: undefined, retryAfter: undefined, errors: [], blockers: [] };
  if (error instanceof HTTPException) return { status: error.status, message: sentenceFor(error), ...noDetails };
  const code = "code" in error ? String(error.code) : "";
  if (code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY" || code === "23505")
    return {
      status: 409,
      message: "Somebody else did the same at the same moment. Check it, then try again.",
      ...noDetails,
    };
  // the client has hung up
  if (code === "ECONNRESET" && error.message === "aborted")
    return { status: 400, message: "The request was cut off.", ...noDetails };
  // PostgreSQL takes no NUL in a text
  if (code === "22021")
    return { status: 400, message: "The request contains a character that cannot be stored.", ...noDetails };
  if (isDiskFull(error)) {
    logError(`No space is left for the database: ${error.message}`);
    return { status: 507, message: diskFullSentence, ...noDetails };
  }
  if (isUnavailable(error, code)) {
    logError(`The database does not answer: ${error.message}`);
    return { status: 503, message: "The database does not answer at the moment. Try again shortly.", ...noDetails };
  }
  const reference = randomBytes(4).toString("hex");
  logError(`error ${reference}:`, error);
  return {
    status: 500,
    message: `This is a fault in Sitebook. It was logged with the reference ${reference}.`,
    ...noDetails,
  };
}

const diskFullSentence =
  "The disk is full, so nothing was recorded. You can still look things up. Tell the operator of Sitebook.";

/** Unreachable, cut off, shutting down, out of connections or memory (PostgreSQL's 08, 53 and 57P), or locked too long. */
function isUnavailable(error: Error, code: string): boolean {
  return (
    /^(08|53|57P)\w+$|^ECONN|^EPIPE|^SQLITE_BUSY/.test(code) ||
    ("syscall" in error && error.syscall === "connect") ||
    // pg's messages for a broken connection, which have no code
    /^Connection terminated|not queryable$/.test(error.message)
  );
}

function sentenceFor(error: HTTPException): string {
  if (error.status === 403) return "This request came from another web site, so it was refused.";
  if (error.status === 415) return "Send the body as JSON, with the header Content-Type: application/json.";
  if (error.status === 400) return "The body could not be read: it is not well-formed.";
  return error.message || titles[error.status] || "The request was refused.";
}

function sameOrigin(c: Context<AppEnv>, referer: string | undefined): string | undefined {
  const url = referer ? URL.parse(referer) : null;
  return url && url.host === new URL(c.req.url).host && url.pathname !== c.req.path
    ? url.pathname + url.search
    : undefined;
}
