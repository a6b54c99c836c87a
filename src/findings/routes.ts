import { Hono } from "hono";
import { type FindingProps, findingPage } from "../../views/findings/finding.ts";
import { findingsPage } from "../../views/findings/findings.ts";
import { whyNotMay } from "../access/permissions.ts";
import { findAnyEnvironment } from "../access/sites.ts";
import { newId } from "../database/ids.ts";
import { notFound, refuse, shownRefusal } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { findingCodes, findingKinds } from "../record/finding-kinds.ts";
import { seenLabel } from "../sightings/rules.ts";
import { acceptFinding, undoAcceptance } from "./accept.ts";
import { countFindings, type FindingPosition, findFinding, findingPosition, listFindings } from "./queries.ts";
import { recordFinding } from "./record.ts";
import { type FindingState, findingStates, isRecordable } from "./state-rules.ts";

/** What the servers show that the record does not, and the reverse. */
export const findingRoutes = new Hono<SiteEnv>();

const pageSize = 100;

findingRoutes.get("/", async (c) => {
  const { site } = c.var.access;
  const slug = c.req.query("environment");
  const environment = slug ? findAnyEnvironment(site, slug) : undefined;
  const kind = findingCodes.find((one) => one === c.req.query("kind"));
  const state = findingStates.find((one) => one === c.req.query("state")) ?? "open";
  const before = readPosition(c.req.query("before"));
  const filter = { state, environmentId: environment?.id, kind, before, limit: pageSize + 1 };
  const findings = await listFindings(c.var.db, site.id, filter);
  const last = findings.length > pageSize ? findings[pageSize - 1] : undefined;
  const content = findingsPage({
    site,
    now: c.var.at,
    findings: findings.slice(0, pageSize),
    older: last && positionText(findingPosition(last)),
    isContinued: before !== undefined,
    environment: environment?.slug,
    state,
    kind,
    counts: await countsIn(c, state),
    words: Object.fromEntries(findingCodes.map((one) => [one, findingKinds[one].word])),
  });
  return sitePage(c, { title: "Findings", ...(environment && { environment: environment.slug }) }, content);
});

/** How many are in a state in each environment. The settled ones are not counted, as there are more with each day. */
function countsIn(c: SiteContext, state: FindingState) {
  return Promise.all(
    c.var.access.site.environments.map(async ({ id, slug, name, tier }) => ({
      slug,
      name,
      tier,
      codes: state === "settled" ? [] : await countFindings(c.var.db, id, state),
    })),
  );
}

/** `2026-03-03T14:00:00.000Z.<id>` of a settled finding, or the id alone. */
function readPosition(text: string | undefined): FindingPosition | undefined {
  const [, at, id] = /^(?:(\d{4}-\d\d-\d\dT[\d:.]{12}Z)\.)?([0-9a-f-]{36})$/.exec(text ?? "") ?? [];
  return id === undefined ? undefined : { id, at };
}

const positionText = ({ id, at }: FindingPosition): string => (at ? `${at}.${id}` : id);

findingRoutes.get("/:id{[0-9a-f-]{36}}", (c) => show(c, c.req.param("id")));

findingRoutes.post("/:id{[0-9a-f-]{36}}/acceptance", async (c) => {
  const form = await formFields(c, "reason", "key");
  return act(c, { reason: form.reason }, async (id) => {
    await acceptFinding(c.var.db, sessionActor(c, form), c.var.access.site, id, form);
    return "Accepted, until something changes.";
  });
});

findingRoutes.post("/:id{[0-9a-f-]{36}}/acceptance/undo", async (c) => {
  const form = await formFields(c, "key");
  return act(c, {}, async (id) => {
    await undoAcceptance(c.var.db, sessionActor(c, form), c.var.access.site, id);
    return "The finding is open again.";
  });
});

findingRoutes.post("/:id{[0-9a-f-]{36}}/deployment", async (c) => {
  const form = await formFields(c, "version", "key");
  return act(c, { version: form.version }, async (id) => {
    const { number } = await recordFinding(c.var.db, sessionActor(c, form), c.var.access.site, id, form);
    return `Deployment ${number} recorded. The finding is settled.`;
  });
});

/** Does something about a finding, and shows it afterwards; refused with what was typed. */
async function act(
  c: SiteContext,
  typed: { reason?: string; version?: string },
  verb: (id: string) => Promise<string>,
): Promise<Response> {
  const id = c.req.param("id") ?? "";
  refuse(whyNotMay(c.var.access, "record"), 403);
  try {
    flash(c, await verb(id));
  } catch (error) {
    const { status, errors, refused } = shownRefusal(error);
    return show(c, id, { typed, errors, refused }, status as 409 | 422);
  }
  return c.redirect(`/sites/${c.var.access.site.slug}/findings/${id}`, 303);
}

async function show(
  c: SiteContext,
  id: string,
  refusal: Pick<FindingProps, "typed" | "errors" | "refused"> = {},
  status: 200 | 409 | 422 = 200,
) {
  const { site, may } = c.var.access;
  const finding = (await findFinding(c.var.db, site.id, id)) ?? notFound("finding");
  const environment = findAnyEnvironment(site, finding.environment);
  const content = findingPage({
    site,
    now: c.var.at,
    environment,
    finding,
    mayAct: may.record && finding.state !== "settled",
    isRecordable: isRecordable(finding.code) && !environment.retired_at,
    label: finding.path.startsWith("/") ? finding.content && seenLabel(finding.content) : finding.content,
    key: newId(),
    ...refusal,
  });
  return sitePage(c, { title: `Finding: ${finding.word}`, environment: environment.slug }, content, status);
}
