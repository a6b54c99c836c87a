import { Hono } from "hono";
import { deploymentPage, deploymentsPage } from "../../views/deployments/pages.ts";
import { type RecordForm, recordPage } from "../../views/deployments/record.ts";
import { whyNotMay } from "../access/permissions.ts";
import { findAnyEnvironment, findEnvironment } from "../access/sites.ts";
import { newId } from "../database/ids.ts";
import { besideFields, type FieldError, notFound, refuse } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { readMoment } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { latestCorrections } from "../record/corrections.ts";
import { maxPlacements, type ReportLine } from "../record/report.ts";
import type { Kind } from "../schema.ts";
import { countOf, formatCount } from "../text.ts";
import { type ReadLine, readLines, whyNotTextFile } from "./parse.ts";
import {
  type DeploymentPosition,
  findDeployment,
  listDeploymentPlacements,
  listDeployments,
  previewDeployment,
} from "./queries.ts";
import { type RecordedDeployment, recordDeployment } from "./record.ts";

export const deploymentRoutes = new Hono<SiteEnv>();

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
  return showForm(c, { environment, when: "", note: "", source: "", complete: false, lines: "", key: newId() });
});

/** Previews the changes; writes nothing. */
deploymentRoutes.post("/new", async (c) => {
  refuse(whyNotMay({ permissions: c.var.access.permissions }, "record"), 403);
  const { form, wrong } = await readForm(c);
  if (wrong) return showForm(c, form, { errors: [wrong] });
  const read = readFields(c, form);
  if (read.errors.length) return showForm(c, form, { errors: read.errors, badLines: read.badLines });
  const changes = await previewDeployment(
    c.var.db,
    c.var.access.site,
    read.environment,
    read.at ?? c.var.at,
    read.lines,
    form.complete,
  );
  return showForm(c, form, { changes, momentNote: read.momentNote });
});

deploymentRoutes.post("/", async (c) => {
  refuse(whyNotMay({ permissions: c.var.access.permissions }, "record"), 403);
  const { form, wrong } = await readForm(c);
  if (wrong) return showForm(c, form, { errors: [wrong] });
  const read = readFields(c, form);
  if (read.errors.length) return showForm(c, form, { errors: read.errors, badLines: read.badLines });
  try {
    const { note, source, complete } = form;
    const report = { note, source, complete, placements: read.lines, ...(read.at && { effective_at: read.at }) };
    const recorded = await recordDeployment(
      c.var.db,
      sessionActor(c, form),
      c.var.access.site,
      read.environment,
      report,
    );
    flash(c, summary(recorded, read.environment.name));
    return c.redirect(`/sites/${c.var.access.site.slug}/deployments/${recorded.number}`, 303);
  } catch (error) {
    const { errors } = besideFields(error, "lines");
    const shown = Object.entries(errors).map(([path, message]) => ({
      path: path.startsWith("placements") ? "lines" : path,
      message,
    }));
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
    more: placements.length > 200,
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

type Results = Partial<Pick<Parameters<typeof recordPage>[0], "changes" | "momentNote" | "badLines">> & {
  errors?: FieldError[];
};

function showForm(c: SiteContext, form: RecordForm, { errors = [], ...results }: Results = {}) {
  const { site } = c.var.access;
  const byField = Object.fromEntries(errors.map((error) => [error.path, error.message]));
  return sitePage(
    c,
    { title: "Record a deployment", here: "record" },
    recordPage({ site, form, errors: byField, now: c.var.at, ...results }),
    errors.length ? 422 : 200,
  );
}

/** The form as it was sent. The lines of an uploaded file replace those of the form, so that people can fix them there. */
async function readForm(c: SiteContext): Promise<{ form: RecordForm; wrong?: FieldError }> {
  const body = await c.req.parseBody();
  const field = (name: string) => (typeof body[name] === "string" ? body[name] : "");
  const form: RecordForm = {
    environment: field("environment"),
    when: field("when"),
    note: field("note"),
    source: field("source"),
    complete: field("complete") === "1",
    lines: field("lines"),
    key: field("key"),
  };
  if (!(body.file instanceof File) || !body.file.size) return { form };
  const bytes = new Uint8Array(await body.file.arrayBuffer());
  const wrong = whyNotTextFile(bytes);
  if (wrong) return { form, wrong: { path: "file", message: wrong } };
  return { form: { ...form, lines: new TextDecoder().decode(bytes) } };
}

function readFields(c: SiteContext, form: RecordForm) {
  const { site } = c.var.access;
  const errors: FieldError[] = [];
  const environment = findEnvironment(site, form.environment);
  const { at, note, wrong } = readMoment(c, form.when);
  if (wrong) errors.push({ path: "when", message: wrong });
  const read = readLines(form.lines);
  const badLines = read.filter((line): line is ReadLine & { wrong: string } => line.wrong !== undefined);
  const lines = read.map(({ line }) => line).filter((line): line is ReportLine => line !== undefined);
  const wrongLines = whyNotLines(badLines.length, read.length, form.complete);
  if (wrongLines) errors.push({ path: "lines", message: wrongLines });
  return { environment, errors, badLines, lines, at, momentNote: note };
}

function whyNotLines(badCount: number, count: number, complete: boolean): string | undefined {
  if (!count && !complete) return "List at least one page or software item, one per line.";
  if (count > maxPlacements)
    return `A deployment can have at most ${formatCount(maxPlacements)} lines; this one has ${formatCount(count)}. Record it in parts.`;
  if (badCount)
    return `${countOf(badCount, "line")} ${badCount === 1 ? "needs" : "need"} fixing. Nothing was recorded.`;
}

function summary({ number, changed, unchanged, out_of_band }: RecordedDeployment, environment: string): string {
  const same = unchanged ? `, ${unchanged} unchanged` : "";
  const band = out_of_band
    ? ` ${out_of_band} flagged out of band: no approved promotion to ${environment} covers ${out_of_band === 1 ? "it" : "them"}.`
    : "";
  return `Deployment ${number} recorded: ${changed} changed${same}.${band}`;
}

/** `2026-03-03T14:00:00.000Z.42` */
function cursor(text: string | undefined): DeploymentPosition | undefined {
  const [, effective_at, number] = /^(\d{4}-[\d-]{5}T[\d:]{8}\.\d{3}Z)\.(\d{1,9})$/.exec(text ?? "") ?? [];
  return effective_at && number ? { effective_at, number: Number(number) } : undefined;
}
