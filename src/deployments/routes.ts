import { Hono } from "hono";
import { deploymentPage, deploymentsPage } from "../../views/deployments/pages.ts";
import { type RecordForm, recordPage } from "../../views/deployments/record.ts";
import { whyNotMay } from "../access/permissions.ts";
import { findAnyEnvironment, findEnvironment } from "../access/sites.ts";
import { newId, sha256 } from "../database/ids.ts";
import { besideFields, type FieldError, notFound, refuse } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { readMoment } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import type { ReadLine } from "../intake/lines.ts";
import { Notices } from "../intake/notices.ts";
import { listApprovers } from "../record/approvers.ts";
import { unusedEnvironments, whyNotBaseline } from "../record/baseline.ts";
import { isKnownBefore } from "../record/changes.ts";
import { latestCorrections } from "../record/corrections.ts";
import { titlesKeptInWords } from "../record/kept-titles.ts";
import { whyNotRemove } from "../record/removals.ts";
import { maxPlacements, type ReportLine } from "../record/report.ts";
import { similarKeysInWords, similarNewKeys } from "../record/similar-keys.ts";
import { knownEnvironments } from "../record/unknown.ts";
import { countKeptTitles } from "../record/versions.ts";
import type { Kind } from "../schema.ts";
import { countOf, formatCount } from "../text.ts";
import { readIntake, readText } from "./intake-form.ts";
import {
  type DeploymentPosition,
  findDeployment,
  listDeploymentPlacements,
  listDeployments,
  type PreviewedLine,
  previewDeployment,
} from "./queries.ts";
import { type RecordedDeployment, recordDeployment } from "./record.ts";
import { sameAsRoutes } from "./same-as-routes.ts";

export const deploymentRoutes = new Hono<SiteEnv>();

deploymentRoutes.route("/same-as", sameAsRoutes);

deploymentRoutes.get("/", async (c) => {
  const { site } = c.var.access;
  const slug = c.req.query("environment");
  const environment = slug ? findAnyEnvironment(site, slug) : undefined;
  const list = await listDeployments(c.var.db, site.id, {
    environment: environment?.id,
    before: cursor(c.req.query("before")),
    limit: 51,
  });
  const title = environment ? `Deployments on ${environment.name}` : "Deployments";
  const props = { site, environment, list: list.slice(0, 50), more: list.length > 50, now: c.var.at };
  return sitePage(c, { title, environment: environment?.slug }, deploymentsPage(props));
});

deploymentRoutes.get("/new", async (c) => {
  refuse(whyNotMay({ permissions: c.var.access.permissions }, "record"), 403);
  const { site } = c.var.access;
  const environment = c.req.query("environment") ?? site.environments[0]?.slug ?? "";
  const { environments } = await c.var.siteSummary(c.var.db, site);
  // what is recorded for an environment first is most likely what was there already
  const baseline = environments[site.environments.findIndex(({ slug }) => slug === environment)]?.changed_at === null;
  const empty = { when: "", note: "", source: "", complete: false, lines: "", previewed: "", sitemap: "", skip: 0 };
  return showForm(c, { ...empty, environment, baseline, converted: false, agreed: false, key: newId() });
});

/** Previews the changes; writes nothing. */
deploymentRoutes.post("/new", async (c) => {
  refuse(whyNotMay({ permissions: c.var.access.permissions }, "record"), 403);
  const { form, wrong } = await readForm(c, "preview");
  if (wrong) return showForm(c, form, { errors: [wrong] });
  const read = await readFields(c, form);
  // lines that cannot be taken do not keep the others from being previewed, unless the list claims to be complete
  const errors = read.lines.length && !form.complete ? read.errors : [...read.errors, ...whyNotBadLines(read)];
  const tooLate = form.baseline ? await whyNotBaseline(c.var.db, read.environment) : undefined;
  if (tooLate) errors.push({ path: "baseline", message: tooLate });
  if (errors.length) return showForm(c, form, { ...read, errors });
  return showPreview(c, form, read);
});

deploymentRoutes.post("/", async (c) => {
  refuse(whyNotMay({ permissions: c.var.access.permissions }, "record"), 403);
  const { form, wrong } = await readForm(c, "record");
  if (wrong) return showForm(c, form, { errors: [wrong] });
  const read = await readFields(c, form);
  if (read.errors.length) return showForm(c, form, { ...read, errors: read.errors });
  if (form.previewed && form.previewed !== previewDigest(form)) return showPreview(c, form, read, { changed: true });
  const errors = whyNotAsPreviewed(form, read);
  if (errors.length) return showForm(c, form, { ...read, errors });
  try {
    const { note, source, complete, baseline, allow_removals } = form;
    // the same form is one request, also if it was previewed in between
    const sent: RecordForm = { ...form, previewed: "" };
    const report = {
      note,
      source,
      complete,
      baseline,
      allow_removals,
      placements: read.lines,
      ...(read.at && { effective_at: read.at }),
    };
    const recorded = await recordDeployment(
      c.var.db,
      sessionActor(c, sent),
      c.var.access.site,
      read.environment,
      report,
    );
    flash(c, summary(recorded, read.environment.name, read.badLines.length), "done", { nextStep: true });
    return c.redirect(`/sites/${c.var.access.site.slug}/deployments/${recorded.number}`, 303);
  } catch (error) {
    const { errors } = besideFields(error, "lines");
    const shown = Object.entries(errors).map(([path, message]) => ({
      path: path.startsWith("placements") ? "lines" : path,
      message,
    }));
    if (shown.some(({ path }) => path === "allow_removals")) return showPreview(c, form, read, { errors: shown });
    return showForm(c, form, { errors: shown });
  }
});

deploymentRoutes.get("/:number{[0-9]{1,9}}", async (c) => {
  const { site, may } = c.var.access;
  const deployment = (await findDeployment(c.var.db, site.id, Number(c.req.param("number")))) ?? notFound("deployment");
  const { kind, section = "", key } = c.req.query();
  const after = (kind === "page" || kind === "software") && key ? { kind: kind as Kind, section, key } : undefined;
  const placements = await listDeploymentPlacements(c.var.db, deployment.id, { after, limit: 201 });
  const props = {
    site,
    deployment,
    placements: placements.slice(0, 200),
    knownBefore: await isKnownBefore(c.var.db, findAnyEnvironment(site, deployment.environment).id, deployment.id),
    more: placements.length > 200,
    approvers: await listApprovers(c.var.db, placements),
    corrections: await latestCorrections(c.var.db, deployment.id),
    may,
    now: c.var.at,
  };
  return sitePage(
    c,
    { title: `Deployment ${deployment.number}`, environment: deployment.environment },
    deploymentPage(props),
  );
});

type Results = Partial<
  Pick<Parameters<typeof recordPage>[0], "changes" | "momentNote" | "badLines" | "notices" | "changed" | "removals">
> & {
  errors?: FieldError[];
};

async function showPreview(
  c: SiteContext,
  form: RecordForm,
  read: Read,
  results: Pick<Results, "changed" | "errors"> = {},
) {
  const { db } = c.var;
  const { site } = c.var.access;
  const { environment, lines, at: asOf = c.var.at } = read;
  const known = knownEnvironments(await c.var.siteSummary(db, site));
  const changes = await previewDeployment(db, site, environment, { asOf, lines, complete: form.complete, known });
  const removals = form.complete ? removalsOf(changes, read) : undefined;
  const titlesKept = titlesKeptInWords(await countKeptTitles(db, site.id, lines));
  const similar = similarKeysInWords(await similarNewKeys(db, site.id, lines));
  const notices = [...read.notices, titlesKept, similar].filter(Boolean);
  return showForm(c, { ...form, previewed: previewDigest(form) }, { ...read, notices, changes, removals, ...results });
}

/** What a complete list would remove, if that has to be confirmed. */
function removalsOf(changes: PreviewedLine[], { environment, lines }: Read): Results["removals"] {
  const present = changes.filter(({ before }) => before !== null).length;
  const count = changes.length - lines.length;
  const inventory = { environment: environment.name, listed: lines.length, present, removed: count };
  const question = whyNotRemove(inventory, undefined);
  return question === undefined ? undefined : { question, count };
}

/**
 * Of all that decides what a deployment changes. Browsers send line breaks in their own way. Allowed removals are not in
 * it: they decide only whether it is recorded, and are confirmed below the preview that names them.
 */
const previewDigest = ({ environment, when, complete, baseline, lines }: RecordForm): string =>
  sha256(JSON.stringify([environment, when, complete, baseline, lines.replace(/\r\n?/g, "\n")]));

async function showForm(c: SiteContext, form: RecordForm, { errors = [], ...results }: Results = {}) {
  const { site } = c.var.access;
  const unused = await unusedEnvironments(c.var.db, site);
  const byField = Object.fromEntries(errors.map((error) => [error.path, error.message]));
  return sitePage(
    c,
    { title: "Record a deployment", here: "record" },
    recordPage({ site, form, errors: byField, now: c.var.at, unused, ...results }),
    errors.length ? 422 : results.changed ? 409 : 200,
  );
}

/**
 * The form as it was sent. What an uploaded file or the address of a sitemap has replaces its lines, so that people can
 * fix them there.
 */
async function readForm(
  c: SiteContext,
  purpose: "preview" | "record",
): Promise<{ form: RecordForm; wrong?: FieldError }> {
  const body = await c.req.parseBody();
  const field = (name: string) => (typeof body[name] === "string" ? body[name] : "");
  const form: RecordForm = {
    environment: field("environment"),
    when: field("when"),
    note: field("note"),
    source: field("source"),
    complete: field("complete") === "1",
    baseline: field("baseline") === "1",
    allow_removals: /^\d{1,9}$/.test(field("allow_removals")) ? Number(field("allow_removals")) : undefined,
    lines: field("lines"),
    previewed: field("previewed"),
    sitemap: field("sitemap").trim(),
    converted: field("converted") === "1",
    agreed: field("agreed") === "1",
    skip: Number(field("skip")) || 0,
    key: field("key"),
  };
  const file = body.file instanceof File && body.file.size ? new Uint8Array(await body.file.arrayBuffer()) : undefined;
  if (form.sitemap && purpose === "record")
    return { form, wrong: { path: "sitemap", message: "This sitemap was not read yet. Preview the changes first." } };
  const { servers } = findEnvironment(c.var.access.site, form.environment);
  const reachable = { baseUrls: servers.map((server) => server.base_url), isAllowed: c.var.mayCall };
  const read = await readIntake({ file, sitemap: form.sitemap, lines: form.lines }, reachable);
  if ("message" in read) return { form, wrong: read };
  const { lines, converted } = read;
  if (!file && lines === form.lines) return { form };
  return { form: { ...form, lines, sitemap: "", converted: converted ?? false, agreed: false } };
}

async function readFields(c: SiteContext, form: RecordForm) {
  const { site } = c.var.access;
  const errors: FieldError[] = [];
  const environment = findEnvironment(site, form.environment);
  const { at, note, wrong } = readMoment(c, form.when);
  if (wrong) errors.push({ path: "when", message: wrong });
  const notices = new Notices();
  const baseUrls = () => environment.servers.map((server) => server.base_url);
  const { read, unreadable } = await readText(form.lines, { baseUrls, notices });
  const badLines = read.filter((line): line is ReadLine & { wrong: string } => line.wrong !== undefined);
  const lines = read.map(({ line }) => line).filter((line): line is ReportLine => line !== undefined);
  const wrongLines = unreadable ?? whyNotCount(read.length, form.complete);
  if (wrongLines) errors.push({ path: "lines", message: wrongLines });
  return { environment, errors, badLines, lines, at, momentNote: note, notices: notices.sentences() };
}

function whyNotCount(count: number, complete: boolean): string | undefined {
  if (!count && !complete) return "List at least one page or software item, one per line.";
  if (count > maxPlacements)
    return `A deployment can have at most ${formatCount(maxPlacements)} lines; this one has ${formatCount(count)}. Record it in parts.`;
}

type Read = Awaited<ReturnType<typeof readFields>>;

function whyNotBadLines({ badLines: { length } }: Read): FieldError[] {
  if (!length) return [];
  const message = `${countOf(length, "line")} ${length === 1 ? "needs" : "need"} fixing. Nothing was recorded.`;
  return [{ path: "lines", message }];
}

/** Lines are left out, and letters converted, only if the person saw which, and agreed. */
function whyNotAsPreviewed(form: RecordForm, read: Read): FieldError[] {
  const leavesOut = form.skip === read.badLines.length && read.lines.length > 0 && !form.complete;
  const agreed = !form.converted || form.agreed;
  const notAgreed = { path: "agreed", message: "Check the letters in the lines, and tick that they are right." };
  return [...(leavesOut ? [] : whyNotBadLines(read)), ...(agreed ? [] : [notAgreed])];
}

function summary(
  { number, changed, unchanged, removed, out_of_band, titles_kept }: RecordedDeployment,
  environment: string,
  leftOut: number,
): string {
  const same = `${removed ? `, ${formatCount(removed)} removed` : ""}${unchanged ? `, ${formatCount(unchanged)} unchanged` : ""}`;
  const band = out_of_band
    ? ` ${formatCount(out_of_band)} flagged out of band: no approved promotion to ${environment} covers ${out_of_band === 1 ? "it" : "them"}.`
    : "";
  const others = leftOut ? ` ${countOf(leftOut, "line")} left out.` : "";
  const titles = titles_kept ? ` ${titlesKeptInWords(titles_kept)}` : "";
  return `Deployment ${number} recorded: ${formatCount(changed)} changed${same}.${band}${titles}${others}`;
}

/** `2026-03-03T14:00:00.000Z.42` */
function cursor(text: string | undefined): DeploymentPosition | undefined {
  const [, effective_at, number] = /^(\d{4}-[\d-]{5}T[\d:]{8}\.\d{3}Z)\.(\d{1,9})$/.exec(text ?? "") ?? [];
  return effective_at && number ? { effective_at, number: Number(number) } : undefined;
}
