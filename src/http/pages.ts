import type { Context } from "hono";
import type { Frame } from "../../views/layout.ts";
import { layout, signedOutLayout } from "../../views/layout.ts";
import { hiddenField } from "../../views/parts/button.ts";
import { bytesOf, type Html, inPostForms } from "../../views/parts/html.ts";
import type { Person } from "../access/actor.ts";
import { type Access, findAccess, listSitesOf } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import type { AnyContext, SiteEnv } from "./context.ts";
import { dropCookie, keepCookie, readCookie } from "./cookies.ts";

type Page = Pick<Frame, "title"> & Partial<Pick<Frame, "here" | "rail" | "past">> & { environment?: string };

type Status = 200 | 201 | 400 | 401 | 403 | 404 | 409 | 413 | 422 | 429;

/** Sends a page of a site: the content in its frame, with rail, inbox count and notice. */
export async function sitePage(c: Context<SiteEnv>, page: Page, content: Html, status: Status = 200) {
  return sendFramed(c, await frameOf(c, page, await plainFrame(c, page.title)), content, status);
}

/** Sends only a part of a page of a site, for one that is open. It takes no notice, which the next page shows. */
export async function sitePart(c: Context<SiteEnv>, page: Page, part: (frame: Frame) => Html) {
  const frame = await frameOf(c, page, framed(c, page.title));
  return sendHtml(c, bytesOf(part(frame)));
}

async function frameOf(c: Context<SiteEnv>, page: Page, plain: Frame): Promise<Frame> {
  const { site, may } = c.get("access");
  return {
    ...plain,
    rail: "slim",
    ...page,
    site: { slug: site.slug, name: site.name, timeZone: site.time_zone },
    ...(await c.get("siteFrame")(c, { environment: page.environment, nextStep: plain.flash?.nextStep })),
    may,
  };
}

/** Puts the person into every form that is posted: it acts for nobody else who signs in before it is sent. */
function sendFramed(c: AnyContext, frame: Frame, content: Html, status: number): Response {
  const page = layout(frame, content);
  const { person } = frame;
  return sendHtml(c, bytesOf(person ? inPostForms(page, hiddenField("shown_to", person.id)) : page), status);
}

/** `bytes`: the markup as UTF-8. The adapter takes several times as long to send a long string. */
export function sendHtml(c: AnyContext, bytes: Uint8Array<ArrayBuffer>, status: number = 200): Response {
  const headers = { "content-type": "text/html; charset=UTF-8", "content-length": String(bytes.length) };
  return c.body(bytes, status as Status, headers);
}

/** Sends a page that belongs to no site. */
export async function plainPage(c: AnyContext, title: string, content: Html, status: Status = 200) {
  return sendFramed(c, await plainFrame(c, title), content, status);
}

/**
 * Sends a page that belongs to no site with the header of the one that the reader came from: `site` in the address, else
 * the first of the person's sites.
 */
export async function personPage(c: AnyContext, title: string, content: Html, status: Status = 200) {
  const access = await siteOfReader(c);
  if (!access) return plainPage(c, title, content, status);
  c.set("access", access);
  return sitePage(c, { title, rail: "none" }, content, status);
}

/** That site; undefined for a person without any. */
export async function siteOfReader(c: AnyContext): Promise<Access | undefined> {
  const [db, person]: [Database, Person | undefined] = [c.get("db"), c.get("person")];
  if (!person) return;
  const [first] = await listSitesOf(db, person.id);
  return (
    (await findAccess(db, person.id, c.req.query("site") ?? "")) ??
    (first && (await findAccess(db, person.id, first.slug)))
  );
}

/** Sends a page for people who are not signed in: sign-in, setup, a new password. */
export async function signedOutPage(c: AnyContext, title: string, content: Html, status: Status = 200) {
  return sendHtml(c, bytesOf(signedOutLayout(await plainFrame(c, title), content)), status);
}

/** The frame of a page that belongs to no site. */
async function plainFrame(c: AnyContext, title: Frame["title"]): Promise<Frame> {
  const person = c.get("person");
  return {
    ...framed(c, title),
    sites: person ? await listSitesOf(c.get("db"), person.id) : [],
    flash: c.get("notice") ?? takeFlash(c),
  };
}

const framed = (c: AnyContext, title: Frame["title"]): Frame => ({
  title,
  address: c.get("baseUrl") + pathAndQuery(c.req.url),
  assets: c.get("assets"),
  now: c.get("at"),
  sites: [],
  environments: [],
  rail: "none",
  inboxCount: 0,
  person: c.get("person"),
});

function pathAndQuery(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

/**
 * Shows a notice on the next page that this browser opens; with `nextStep`, also a link to the next of the first steps of
 * the site, as long as some are open.
 */
export function flash(
  c: AnyContext,
  text: string,
  kind: "done" | "bad" = "done",
  { nextStep = false }: { nextStep?: boolean } = {},
): void {
  keepCookie(c, "flash", JSON.stringify({ kind, text: text.slice(0, 500), nextStep }), { lifetimeMs: 60_000 });
}

function takeFlash(c: AnyContext): Frame["flash"] {
  const cookie = readCookie(c, "flash");
  if (!cookie) return;
  dropCookie(c, "flash");
  try {
    const { kind, text, nextStep } = JSON.parse(cookie) as Record<string, unknown>;
    return { kind: kind === "bad" ? "bad" : "done", text: String(text), nextStep: nextStep === true };
  } catch {
    return;
  }
}
