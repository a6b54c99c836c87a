import { Hono } from "hono";
import { releasesPage } from "../../views/releases/list.ts";
import { releaseNewPage } from "../../views/releases/new.ts";
import type { Environment } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import { findEnvironment } from "../access/sites.ts";
import { newId } from "../database/ids.ts";
import { type FieldError, notFound, Refusal, refuse, shownRefusal } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { checkedValues, formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { releaseSizes } from "../promotions/change-counts.ts";
import { requestFieldNames } from "../promotions/fields.ts";
import { requestPromotion } from "../promotions/promotions.ts";
import { listPromotions } from "../promotions/queries.ts";
import { listReleases } from "../record/releases.ts";
import { artifactKey } from "../text.ts";
import { listCandidates, selectedIds } from "./candidates.ts";
import { showRelease } from "./release-page.ts";
import { createRelease } from "./releases.ts";
import { parseReleaseLine } from "./rules.ts";

const most = 50;

export const releaseRoutes = new Hono<SiteEnv>();

releaseRoutes.get("/", async (c) => {
  const { site, may } = c.var.access;
  const before = /^\d{1,9}$/.test(c.req.query("before") ?? "") ? Number(c.req.query("before")) : undefined;
  const found = await listReleases(c.var.db, site.id, { before, limit: most + 1 });
  const list = found.slice(0, most);
  const ids = list.map((one) => one.id);
  const content = releasesPage({
    site,
    list,
    sizes: await releaseSizes(c.var.db, ids),
    promotions: ids.length ? await listPromotions(c.var.db, site.id, { releases: ids, limit: 1000 }) : [],
    may,
    first: before === undefined,
    more: found.length > most,
    now: c.var.at,
  });
  return sitePage(c, { title: "Releases", here: "releases" }, content);
});

/** All that differs between two environments, to be ticked off or on. */

releaseRoutes.get("/new", async (c) => {
  const { from, to } = placesOf(c, c.req.query("from"), c.req.query("to"));
  return showForm(c, { from, to, chosen: "all", name: "", notes: "" });
});

/** The same with what was chosen on the board; writes nothing. */

releaseRoutes.post("/new", async (c) => {
  const form = await formFields(c, "from", "to");
  const { from, to } = placesOf(c, form.from, form.to);
  return showForm(c, { from, to, chosen: new Set(await checkedValues(c, "choose")), name: "", notes: "" });
});

releaseRoutes.post("/", async (c) => {
  const form = await formFields(c, "name", "notes", "from", "to", "key");
  const lines = await checkedValues(c, "line");
  const { from, to } = placesOf(c, form.from, form.to);
  const contents = lines.map(parseReleaseLine);
  try {
    const wanted = { name: form.name, notes: form.notes, from: from.slug, contents };
    const sent = { ...form, lines };
    const made = await createRelease(c.var.db, sessionActor(c, sent), c.var.access.site, wanted);
    flash(c, `Release ${made.number} is made.`);
    return c.redirect(`/sites/${c.var.access.site.slug}/releases/${made.number}`, 303);
  } catch (error) {
    if (!(error instanceof Refusal) || !error.errors.length) throw error;
    const chosen = await selectedIds(c.var.db, c.var.access.site.id, contents);
    const { name, notes } = form;
    return showForm(c, { from, to, chosen, name, notes, errors: error.errors, lines: contents }, 422);
  }
});

releaseRoutes.get("/:number{[0-9]{1,9}}", (c) => showRelease(c, Number(c.req.param("number"))));

/** Requesting a release's promotion: a refused request comes back on the release's page. */
export const promotionRequests = new Hono<SiteEnv>();

promotionRequests.post("/", async (c) => {
  const form = await formFields(c, "release", "to", ...requestFieldNames, "key");
  const request = { ...form, release: /^\d{1,9}$/.test(form.release) ? Number(form.release) : notFound("release") };
  try {
    const asked = await requestPromotion(c.var.db, sessionActor(c, form), c.var.access.site, request);
    flash(c, `Promotion ${asked.number} is asked for.`);
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
  const from = findEnvironment(c.var.access.site, fromSlug || (environments[0]?.slug ?? ""));
  const next = environments[environments.indexOf(from) + 1];
  return { from, to: toSlug ? findEnvironment(c.var.access.site, toSlug) : next };
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
  const found = await listCandidates(c.var.db, site, from, to, chosen);
  const content = releaseNewPage({ ...filled, site, ...found, key: newId(), errors: byField(errors, lines) });
  return sitePage(c, { title: "Make a release", here: "releases" }, content, status);
}

/** Each error under its field, or under the `kind key` of its line. */
function byField(errors: FieldError[], lines: { kind: string; key: string }[]): Record<string, string> {
  const entries = errors.map(({ path, message }) => {
    const line = lines[Number(/^contents\.(\d+)\./.exec(path)?.[1] ?? -1)];
    return [line ? artifactKey(line) : path, message];
  });
  return Object.fromEntries(entries);
}
