import { Hono } from "hono";
import { releasesPage } from "../../views/releases/list.ts";
import { newReleasePage, redirectError } from "../../views/releases/new.ts";
import type { Environment } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import { findEnvironment } from "../access/sites.ts";
import { newId } from "../database/ids.ts";
import { type FieldError, notFound, Refusal, refuse, refuseFields, shownRefusal } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { checkedValues, formFields, parseLine } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { releaseSizes } from "../promotions/change-counts.ts";
import { requestFieldNames } from "../promotions/fields.ts";
import { changesRequestedOf } from "../promotions/page-comments.ts";
import { requestPromotion } from "../promotions/promotions.ts";
import { listPromotions } from "../promotions/queries.ts";
import { planOf, readPlanForm } from "../promotions/schedule-form.ts";
import { findRelease, listContents, listReleases, type Release } from "../record/releases.ts";
import { knownEnvironments } from "../record/unknown.ts";
import { unknownIn } from "../record/unknown-rows.ts";
import { artifactKey } from "../text.ts";
import { liftMark, markAsBad } from "./bad-releases.ts";
import { listCandidates, selectedIds } from "./candidates.ts";
import { showRelease } from "./release-page.ts";
import { createRelease } from "./releases.ts";
import { nextName, nothingToRelease, type ReleaseLine } from "./rules.ts";

const pageSize = 50;

export const releaseRoutes = new Hono<SiteEnv>();

releaseRoutes.get("/", async (c) => {
  const { site, may } = c.var.access;
  const before = /^\d{1,9}$/.test(c.req.query("before") ?? "") ? Number(c.req.query("before")) : undefined;
  const rows = await listReleases(c.var.db, site.id, { before, limit: pageSize + 1 });
  const list = rows.slice(0, pageSize);
  const ids = list.map((release) => release.id);
  const content = releasesPage({
    site,
    list,
    sizes: await releaseSizes(c.var.db, ids),
    promotions: ids.length ? await listPromotions(c.var.db, site.id, { releases: ids, limit: 1000 }) : [],
    blockers: (await c.var.siteSummary(c.var.db, site)).blockers,
    may,
    first: before === undefined,
    more: rows.length > pageSize,
    now: c.var.at,
  });
  return sitePage(c, { title: "Releases", here: "releases" }, content);
});

// With everything selected that differs between the two environments.
releaseRoutes.get("/new", async (c) => {
  const madeFrom = c.req.query("made_from");
  if (madeFrom !== undefined) return showNext(c, madeFrom);
  const { from, to } = environmentsOf(c, c.req.query("from"), c.req.query("to"));
  return showForm(c, { from, to, selected: "all", name: "", notes: "" });
});

/** With the contents of another release in the versions of now, and what its rejections asked to be changed. */
async function showNext(c: SiteContext, number: string) {
  const previous = await previousRelease(c, number);
  const { from, to } = environmentsOf(c, previous.environment);
  const contents = await listContents(c.var.db, previous.id);
  const selected = new Set(contents.map((content) => content.artifact_id));
  return showForm(c, { from, to, selected, name: nextName(previous.name), notes: previous.notes ?? "", previous });
}

async function previousRelease(c: SiteContext, number: string): Promise<Release> {
  const found = /^\d{1,9}$/.test(number) && (await findRelease(c.var.db, c.var.access.site.id, Number(number)));
  return found || notFound("release");
}

// The same form with the rows selected on the board. It is a POST since their ids may not fit into an address; it writes nothing.
releaseRoutes.post("/new", async (c) => {
  c.set("answerAddress", c.req.path);
  const form = await formFields(c, "from", "to");
  const { from, to } = environmentsOf(c, form.from, form.to);
  // one box of the board can stand for many rows
  const ids = (await checkedValues(c, "choose")).flatMap((value) => value.split(" "));
  return showForm(c, { from, to, selected: new Set(ids), name: "", notes: "" });
});

releaseRoutes.post("/", async (c) => {
  const form = await formFields(c, "name", "notes", "from", "to", "key", "made_from");
  const lines = await checkedValues(c, "line");
  const { from, to } = environmentsOf(c, form.from, form.to);
  const [redirectOf, redirectTo] = [await checkedValues(c, "redirect_of"), await checkedValues(c, "redirect")];
  const redirects = new Map(redirectOf.map((key, i) => [key, redirectTo[i] ?? ""]));
  const contents = lines.map(parseLine).map((line) => ({ ...line, redirect: redirectOfLine(line, redirects) }));
  const previous = form.made_from ? await previousRelease(c, form.made_from) : undefined;
  try {
    const release = { name: form.name, notes: form.notes, from: from.slug, contents, made_from: previous?.number };
    const posted = { ...form, lines, redirectTo };
    const { number } = await createRelease(c.var.db, sessionActor(c, posted), c.var.access.site, release);
    flash(c, `Release ${number} created.`);
    return c.redirect(`/sites/${c.var.access.site.slug}/releases/${number}`, 303);
  } catch (error) {
    if (!(error instanceof Refusal) || !error.errors.length) throw error;
    const selected = await selectedIds(c.var.db, c.var.access.site.id, contents);
    const { name, notes } = form;
    const typed = { name, notes, previous, redirects };
    return showForm(c, { from, to, selected, ...typed, errors: error.errors, lines: contents }, 422);
  }
});

releaseRoutes.get("/:number{[0-9]{1,9}}", (c) => showRelease(c, Number(c.req.param("number"))));

for (const [path, act, done] of [
  ["bad", markAsBad, "marked as bad. It cannot be promoted until the mark is lifted."],
  ["bad/lift", liftMark, "can be promoted again."],
] as const)
  releaseRoutes.post(`/:number{[0-9]{1,9}}/${path}`, async (c) => {
    const number = Number(c.req.param("number"));
    const form = await formFields(c, "reason", "key");
    try {
      await act(c.var.db, sessionActor(c, form), c.var.access.site, number, form.reason);
      flash(c, `Release ${number} ${done}`);
      return c.redirect(`/sites/${c.var.access.site.slug}/releases/${number}`, 303);
    } catch (error) {
      const { status, errors, refused } = shownRefusal(error);
      const mark = { reason: form.reason, error: errors.reason };
      return showRelease(c, number, { mark, refused }, status as 403 | 409 | 422);
    }
  });

/** Requests for promotion. They are here and not with the promotions because a refused one shows the release's page. */
export const promotionRequests = new Hono<SiteEnv>();

promotionRequests.post("/", async (c) => {
  refuse(whyNotMay(c.var.access, "promote"), 403);
  const plan = await readPlanForm(c);
  const form = { ...(await formFields(c, "release", "to", ...requestFieldNames, "key")), ...plan };
  const number = /^\d{1,9}$/.test(form.release) ? Number(form.release) : notFound("release");
  const planned = planOf(c, plan);
  const request = { ...form, release: number, plan: planned.plan };
  try {
    refuseFields(planned.errors);
    const { number } = await requestPromotion(c.var.db, sessionActor(c, form), c.var.access.site, request);
    flash(c, `Promotion ${number} requested.`);
    return c.redirect(`/sites/${c.var.access.site.slug}/promotions/${number}`, 303);
  } catch (error) {
    const { status, ...refusal } = shownRefusal(error);
    return showRelease(c, request.release, { form: { ...form, plan }, ...refusal }, status as 403 | 409 | 422);
  }
});

/** What was typed for a page that is removed; the field of an unticked or changed line does not count. */
const redirectOfLine = ({ kind, key, version }: ReleaseLine, redirects: Map<string, string>): string | undefined =>
  kind === "page" && version === null ? redirects.get(key) : undefined;

/** The environment to release from, by default the first, and the one to compare with, by default the next. */
function environmentsOf(
  c: SiteContext,
  fromSlug = "",
  toSlug = "",
): { from: Environment; to: Environment | undefined } {
  refuse(whyNotMay(c.var.access, "release"), 403);
  const { environments } = c.var.access.site;
  const from = findEnvironment(c.var.access.site, fromSlug || (environments[0]?.slug ?? ""));
  const next = environments[environments.indexOf(from) + 1];
  return { from, to: toSlug ? findEnvironment(c.var.access.site, toSlug) : next };
}

interface FilledForm {
  from: Environment;
  to: Environment | undefined;
  selected: "all" | Set<string>;
  name: string;
  notes: string;
  /** What was typed as the redirects of removed pages, by their keys. */
  redirects?: Map<string, string>;
  /** The release from which it is made. */
  previous?: Release | undefined;
  errors?: FieldError[];
  lines?: { kind: string; key: string }[];
}

async function showForm(c: SiteContext, form: FilledForm, status: 200 | 422 = 200) {
  const { site } = c.var.access;
  const { from, to, selected, previous, errors = [], lines = [] } = form;
  const ofPrevious = previous && (await listPromotions(c.var.db, site.id, { releases: [previous.id], limit: 1000 }));
  const known = knownEnvironments(await c.var.siteSummary(c.var.db, site));
  const candidates = await listCandidates(c.var.db, site, from, to, selected, known);
  const absent = candidates.rows.flatMap((row) => (row.inTarget === undefined ? row.artifact_id : []));
  const whyEmpty = to
    ? nothingToRelease(from, to)
    : `${from.name} is the last environment, so there is nowhere to release to.`;
  const content = newReleasePage({
    redirects: new Map(),
    ...form,
    ...candidates,
    site,
    rejected: ofPrevious ? await changesRequestedOf(c.var.db, ofPrevious) : [],
    unknownInTarget: to ? await unknownIn(c.var.db, site, to, known, absent) : new Set(),
    whyEmpty,
    key: newId(),
    errors: byField(errors, lines),
  });
  return sitePage(c, { title: "New release", here: "releases" }, content, status);
}

/** Error messages by field, or for a line by its artifact key, or `redirectError` for its redirect. */
function byField(errors: FieldError[], lines: { kind: string; key: string }[]): Record<string, string> {
  const entries = errors.map(({ path, message }) => {
    const line = lines[Number(/^contents\.(\d+)\./.exec(path)?.[1] ?? -1)];
    if (line && path.endsWith(".redirect")) return [redirectError(line.key), message];
    return [line ? artifactKey(line) : path, message];
  });
  return Object.fromEntries(entries);
}
