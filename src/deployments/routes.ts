import { Hono } from "hono";
import { deploymentPage, deploymentsPage } from "../../views/deployments/pages.ts";
import { type RecordForm, recordPage } from "../../views/deployments/record.ts";
import { whyNotMay } from "../access/permissions.ts";
import { findEnvironment } from "../access/sites.ts";
import { newId, sha256 } from "../database/ids.ts";
import { besideFields, type FieldError, notFound, refuse } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { readMoment } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { latestCorrections } from "../record/corrections.ts";
import { maxPlacements, type ReportLine } from "../record/report.ts";
import type { Kind } from "../schema.ts";
import { formatCount } from "../text.ts";

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
  const environment = slug ? findEnvironment(site, slug) : undefined;
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
  return showForm(c, {
    environment,
    when: "",
    note: "",
    source: "",
    complete: false,
    lines: "",
    previewed: "",
    key: newId(),
  });
});

/** Shows what would change; writes nothing. */

deploymentRoutes.post("/new", async (c) => {
  refuse(whyNotMay({ permissions: c.var.access.permissions }, "record"), 403);
  const { form, wrong } = await readForm(c);
  if (wrong) return showForm(c, form, { errors: [wrong] });
  const told = understood(c, form);
  if (told.errors.length) return showForm(c, form, { errors: told.errors, bad: told.bad });
  return showPreview(c, form, told);
});

deploymentRoutes.post("/", async (c) => {
  refuse(whyNotMay({ permissions: c.var.access.permissions }, "record"), 403);
  const { form, wrong } = await readForm(c);
  if (wrong) return showForm(c, form, { errors: [wrong] });
  const told = understood(c, form);
  if (told.errors.length) return showForm(c, form, { errors: told.errors, bad: told.bad });
  if (form.previewed && form.previewed !== previewDigest(form)) return showPreview(c, form, told, { changed: true });
  try {
    const { note, source, complete } = form;
    // the same form is one request, also if it was previewed in between
    const sent: RecordForm = { ...form, previewed: "" };
    const report = { note, source, complete, placements: told.lines, ...(told.at && { effective_at: told.at }) };
    const recorded = await recordDeployment(
      c.var.db,
      sessionActor(c, sent),
      c.var.access.site,
      told.environment,
      report,
    );
    flash(c, summary(recorded, told.environment.name));
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

type Shown = Partial<Pick<Parameters<typeof recordPage>[0], "changes" | "said" | "bad" | "changed">> & {
  errors?: FieldError[];
};

async function showPreview(
  c: SiteContext,
  form: RecordForm,
  told: ReturnType<typeof understood>,
  { changed }: { changed?: true } = {},
) {
  const { environment, lines, said, at = c.var.at } = told;
  const changes = await previewDeployment(c.var.db, c.var.access.site, environment, at, lines, form.complete);
  return showForm(c, { ...form, previewed: previewDigest(form) }, { changes, said, changed });
}

/** Of all that decides what a deployment changes. Browsers send line breaks in their own way. */
const previewDigest = ({ environment, when, complete, lines }: RecordForm): string =>
  sha256(JSON.stringify([environment, when, complete, lines.replace(/\r\n?/g, "\n")]));

function showForm(c: SiteContext, form: RecordForm, { errors = [], ...shown }: Shown = {}) {
  const { site } = c.var.access;
  const said = Object.fromEntries(errors.map((error) => [error.path, error.message]));
  return sitePage(
    c,
    { title: "Record a deployment", here: "record" },
    recordPage({ site, form, errors: said, now: c.var.at, ...shown }),
    errors.length ? 422 : shown.changed ? 409 : 200,
  );
}

/** The form as it was sent. An uploaded file takes the place of the pasted lines, so that they can be mended in the form. */
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
    previewed: field("previewed"),
    key: field("key"),
  };
  if (!(body.file instanceof File) || !body.file.size) return { form };
  const bytes = new Uint8Array(await body.file.arrayBuffer());
  const wrong = whyNotTextFile(bytes);
  if (wrong) return { form, wrong: { path: "file", message: wrong } };
  return { form: { ...form, lines: new TextDecoder().decode(bytes) } };
}

function understood(c: SiteContext, form: RecordForm) {
  const { site } = c.var.access;
  const errors: FieldError[] = [];
  const environment = findEnvironment(site, form.environment);
  const { at, note, wrong } = readMoment(c, form.when);
  if (wrong) errors.push({ path: "when", message: wrong });
  const read = readLines(form.lines);
  const bad = read.filter((one): one is ReadLine & { wrong: string } => one.wrong !== undefined);
  const lines = read.map((one) => one.line).filter((line): line is ReportLine => line !== undefined);
  const wrongLines = whyNotLines(bad.length, read.length, form.complete);
  if (wrongLines) errors.push({ path: "lines", message: wrongLines });
  return { environment, errors, bad, lines, at, said: note };
}

function whyNotLines(bad: number, all: number, complete: boolean): string | undefined {
  if (!all && !complete) return "Name at least one page or piece of software, a line each.";
  if (all > maxPlacements)
    return `A deployment can have at most 10,000 lines; this one has ${formatCount(all)}. Record it in parts.`;
  if (bad)
    return bad === 1
      ? "One line cannot be taken. Nothing was recorded."
      : `${bad} lines cannot be taken. Nothing was recorded.`;
}

function summary({ number, changed, unchanged, out_of_band }: RecordedDeployment, environment: string): string {
  const same = unchanged ? `, ${unchanged} as before` : "";
  const band = out_of_band
    ? ` It is flagged out of band: no promotion brought ${out_of_band === 1 ? "it" : "them"} to ${environment}.`
    : "";
  return `Deployment ${number} is recorded: ${changed} changed${same}.${band}`;
}

/** `2026-03-03T14:00:00.000Z.42` */
function cursor(text: string | undefined): DeploymentPosition | undefined {
  const [, effective_at, number] = /^(\d{4}-[\d-]{5}T[\d:]{8}\.\d{3}Z)\.(\d{1,9})$/.exec(text ?? "") ?? [];
  return effective_at && number ? { effective_at, number: Number(number) } : undefined;
}
