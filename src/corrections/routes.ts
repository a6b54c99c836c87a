import { Hono } from "hono";
import { type CorrectionForm, correctionPage } from "../../views/corrections.ts";
import { whyNotMay } from "../access/permissions.ts";
import { newId } from "../database/ids.ts";
import { findDeployment } from "../deployments/queries.ts";
import { notFound, Refusal, refuse, shownRefusal } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { formFields, readExactMoment } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { latestCorrections } from "../record/corrections.ts";
import { normalKey } from "../record/keys.ts";
import type { Kind } from "../schema.ts";
import { countOf } from "../text.ts";
import { findCorrectedLines } from "./corrected-lines.ts";
import { type Corrected, correct } from "./corrections.ts";
import type { CorrectionRequest } from "./rules.ts";

export const correctionRoutes = new Hono<SiteEnv>();

type Target = Pick<CorrectionRequest, "deployment" | "kind" | "key">;

correctionRoutes.get("/new", (c) => {
  refuse(whyNotMay(c.var.access, "correct"), 403);
  return showForm(c, readTarget(c.req.query("deployment"), c.req.query("kind"), c.req.query("key")));
});

correctionRoutes.post("/", async (c) => {
  refuse(whyNotMay(c.var.access, "correct"), 403);
  const form = await formFields(
    c,
    "deployment",
    "kind",
    "line",
    "stands",
    "reason",
    "right",
    "version",
    "environment",
    "when",
    "key",
  );
  const target = readTarget(form.deployment, form.kind || undefined, form.line || undefined);
  const { instead, errors } = readInstead(c, form);
  if (Object.keys(errors).length) return showForm(c, target, { form, errors }, 422);
  const stands = form.stands === "1" || undefined;
  const request: CorrectionRequest = { ...target, reason: form.reason, stands, instead };
  try {
    const result = await correct(c.var.db, sessionActor(c, form), c.var.access.site, request);
    flash(c, notice(request, result));
    return c.redirect(pathOf(c, target), 303);
  } catch (error) {
    const { errors, refused, status } = shownRefusal(error);
    if (status === 403) throw error;
    const byField = Object.entries(errors).map(([path, message]) => [fieldOf(path), message]);
    return showForm(c, target, { form, errors: Object.fromEntries(byField), refused }, status === 409 ? 409 : 422);
  }
});

function notice({ stands, key }: CorrectionRequest, { deployment, corrected, instead }: Corrected): string {
  const what = key ?? `deployment ${deployment} (${countOf(corrected, "line")})`;
  if (stands) return `Undid the correction of ${what}.`;
  return `Corrected ${what}.${instead === null ? "" : ` Deployment ${instead} records what is right.`}`;
}

const pathOf = (c: SiteContext, { deployment, kind, key }: Target): string =>
  key === undefined
    ? `/sites/${c.var.access.site.slug}/deployments/${deployment}`
    : `/sites/${c.var.access.site.slug}/artifacts/${kind}?key=${encodeURIComponent(key)}`;

function readTarget(deployment = "", kind?: string, key?: string): Target {
  const number = /^\d{1,9}$/.test(deployment) ? Number(deployment) : notFound("deployment");
  if (!kind && !key) return { deployment: number };
  if ((kind !== "page" && kind !== "software") || !key) notFound("page or software");
  return { deployment: number, kind: kind as Kind, key: normalKey(kind as Kind, key) };
}

/** Reads what is right instead, with the errors by field; undefined if nothing is to be recorded. */
function readInstead(c: SiteContext, { right, version, environment, when }: CorrectionForm) {
  const errors: Record<string, string> = {};
  if (right !== "version" && right !== "removed") return { errors };
  if (right === "version" && !version.trim()) errors.version = "Enter the version that was there.";
  const { at: effective_at, wrong } = readExactMoment(c, when);
  if (wrong) errors.when = wrong;
  const label = right === "removed" ? null : version.trim();
  return { errors, instead: { version: label, environment: environment || undefined, effective_at } };
}

const fieldOf = (path: string): string =>
  ({ "instead.version": "version", "instead.environment": "environment", "instead.effective_at": "when" })[path] ??
  (path.startsWith("instead") ? "instead" : "reason");

const maxListedLines = 200;

interface SubmittedForm {
  form?: CorrectionForm;
  errors?: Record<string, string>;
  refused?: string | undefined;
}

async function showForm(
  c: SiteContext,
  target: Target,
  { form, errors = {}, refused }: SubmittedForm = {},
  status: 200 | 409 | 422 = 200,
) {
  const { db, at: now } = c.var;
  const { site } = c.var.access;
  const deployment =
    (await findDeployment(db, site.id, target.deployment)) ?? notFound(`deployment ${target.deployment}`);
  const corrected = await findCorrectedLines(db, site, target).catch((error: unknown) => {
    throw error instanceof Refusal ? new Refusal(404, error.message) : error;
  });
  const line = target.key === undefined ? undefined : corrected.lines[0];
  const latest = await latestCorrections(db, deployment.id);
  const own = latest.find((correction) => correction.artifact_id === (line?.artifact_id ?? null));
  const empty = { reason: "", right: "nothing", version: "", environment: deployment.environment, when: "" };
  const content = correctionPage({
    site,
    now,
    deployment,
    line,
    lines: corrected.lines.slice(0, maxListedLines),
    lineCount: corrected.lines.length,
    wrong: own?.stands === 0 ? own : undefined,
    form: { ...empty, ...form, key: newId() },
    errors,
    refused,
  });
  return sitePage(c, { title: "Correct the record", environment: deployment.environment }, content, status);
}
