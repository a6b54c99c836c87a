import { Hono } from "hono";
import { releasesPage } from "../../views/releases/list.ts";
import { releaseNewPage } from "../../views/releases/new.ts";
import type { Environment } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import { findPlace } from "../access/sites.ts";
import { newId } from "../database/ids.ts";
import { type FieldError, missing, Refusal, refuse, shownRefusal } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { choices, fields } from "../http/forms.ts";
import { page, say } from "../http/pages.ts";
import { by } from "../http/session.ts";
import { sizesOf } from "../promotions/change-counts.ts";
import { ask } from "../promotions/promotions.ts";
import { listPromotions } from "../promotions/queries.ts";
import { listReleases } from "../record/releases.ts";
import { candidates, chosenIds } from "./candidates.ts";
import { showRelease } from "./release-page.ts";
import { makeRelease } from "./releases.ts";
import { readLine } from "./rules.ts";

const most = 50;

export const releases = new Hono<SiteEnv>();

releases.get("/", async (c) => {
  const { site, permissions } = c.var.access;
  const before = /^\d{1,9}$/.test(c.req.query("before") ?? "") ? Number(c.req.query("before")) : undefined;
  const found = await listReleases(c.var.db, site.id, { before, limit: most + 1 });
  const list = found.slice(0, most);
  const ids = list.map((one) => one.id);
  const content = releasesPage({
    site,
    list,
    sizes: await sizesOf(c.var.db, ids),
    promotions: ids.length ? await listPromotions(c.var.db, site.id, { releases: ids, limit: 1000 }) : [],
    mayRelease: permissions.has("release"),
    first: before === undefined,
    more: found.length > most,
    now: c.var.at,
  });
  return page(c, { title: "Releases", here: "releases" }, content);
});

/** All that differs between two environments, to be ticked off or on. */

releases.get("/new", async (c) => {
  const { from, to } = placesOf(c, c.req.query("from"), c.req.query("to"));
  return showForm(c, { from, to, chosen: "all", name: "", notes: "" });
});

/** The same with what was chosen on the board; writes nothing. */

releases.post("/new", async (c) => {
  const form = await fields(c, "from", "to");
  const { from, to } = placesOf(c, form.from, form.to);
  return showForm(c, { from, to, chosen: new Set(await choices(c, "choose")), name: "", notes: "" });
});

releases.post("/", async (c) => {
  const form = await fields(c, "name", "notes", "from", "to", "key");
  const lines = await choices(c, "line");
  const { from, to } = placesOf(c, form.from, form.to);
  const contents = lines.map(readLine);
  try {
    const wanted = { name: form.name, notes: form.notes, from: from.slug, contents };
    const sent = { ...form, lines };
    const made = await makeRelease(c.var.db, by(c, sent), c.var.access.site, wanted);
    say(c, `Release ${made.number} is made.`);
    return c.redirect(`/sites/${c.var.access.site.slug}/releases/${made.number}`, 303);
  } catch (error) {
    if (!(error instanceof Refusal) || !error.errors.length) throw error;
    const chosen = await chosenIds(c.var.db, c.var.access.site.id, contents);
    const { name, notes } = form;
    return showForm(c, { from, to, chosen, name, notes, errors: error.errors, lines: contents }, 422);
  }
});

releases.get("/:number{[0-9]{1,9}}", (c) => showRelease(c, Number(c.req.param("number"))));

/** Requesting a release's promotion: a refused request comes back on the release's page. */
export const promotionRequests = new Hono<SiteEnv>();

promotionRequests.post("/", async (c) => {
  const form = await fields(c, "release", "to", "note", "key");
  const request = { ...form, release: /^\d{1,9}$/.test(form.release) ? Number(form.release) : missing("release") };
  try {
    const asked = await ask(c.var.db, by(c, form), c.var.access.site, request);
    say(c, `Promotion ${asked.number} is asked for.`);
    return c.redirect(`/sites/${c.var.access.site.slug}/promotions/${asked.number}`, 303);
  } catch (error) {
    const { status, ...refusal } = shownRefusal(error);
    return showRelease(c, request.release, { form: request, ...refusal }, status as 403 | 409 | 422);
  }
});

/** From where, and what it is meant for: the environment after that, unless another is named. */
function placesOf(c: SiteContext, fromSlug = "", toSlug = ""): { from: Environment; to: Environment | undefined } {
  refuse(whyNotMay(c.var.access, "release"), 403);
  const { environments } = c.var.access.site;
  const from = findPlace(c.var.access.site, fromSlug || (environments[0]?.slug ?? ""));
  const next = environments[environments.indexOf(from) + 1];
  return { from, to: toSlug ? findPlace(c.var.access.site, toSlug) : next };
}

interface Filled {
  from: Environment;
  to: Environment | undefined;
  chosen: "all" | Set<string>;
  name: string;
  notes: string;
  errors?: FieldError[];
  lines?: { kind: string; key: string }[];
}

async function showForm(c: SiteContext, filled: Filled, status: 200 | 422 = 200) {
  const { site } = c.var.access;
  const { from, to, chosen, errors = [], lines = [] } = filled;
  const found = await candidates(c.var.db, site, from, to, chosen);
  const content = releaseNewPage({ ...filled, site, ...found, key: newId(), errors: byField(errors, lines) });
  return page(c, { title: "Make a release", here: "releases" }, content, status);
}

/** Each error under its field, or under the `kind key` of its line. */
function byField(errors: FieldError[], lines: { kind: string; key: string }[]): Record<string, string> {
  const entries = errors.map(({ path, message }) => {
    const line = lines[Number(/^contents\.(\d+)\./.exec(path)?.[1] ?? -1)];
    return [line ? `${line.kind} ${line.key}` : path, message];
  });
  return Object.fromEntries(entries);
}
