import { Hono } from "hono";
import { type GateForm, type GatePreview, gatePage } from "../../views/settings/gate.ts";
import type { Environment } from "../access/environments.ts";
import type { Gate, GateRules } from "../access/gates.ts";
import { listRoles } from "../access/roles.ts";
import { findEnvironment } from "../access/sites.ts";
import { sha256 } from "../database/ids.ts";
import { refuse, refuseFields, shownRefusal } from "../errors.ts";
import { changeGate, checkedGate } from "../gates/gates.ts";
import { staffOf } from "../gates/queries.ts";
import { carryOvers, gateErrors, normalRules, orderedText, whyNoGate, whyNotVersion } from "../gates/rules.ts";
import { carryOverWords, gateDifferences, gateSentence, gateSentences, promotionSentence } from "../gates/sentences.ts";
import { gateWarnings } from "../gates/warnings.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { listPromotions } from "../promotions/queries.ts";
import { gateVersions } from "../record/gate-changes.ts";
import { formErrors, formForOne, formOfGate, readGateForm, rulesOfForm } from "./gate-form.ts";

/** The gate of an environment. */
export const gateSettingsRoutes = new Hono<SiteEnv>();

gateSettingsRoutes.get("/:environment/gate", async (c) => {
  const environment = gated(c);
  const isPreset = c.req.query("preset") === "one";
  return show(c, environment, isPreset ? formForOne(environment.gate) : formOfGate(environment.gate));
});

/** Previews the gate, or sets one that was previewed. */
gateSettingsRoutes.post("/:environment/gate", async (c) => {
  const environment = gated(c);
  const form = await readGateForm(c, await listRoles(c.var.db));
  const rules = rulesOfForm(form);
  const isSet = (await formFields(c, "do")).do === "set";
  try {
    // a form that is sent twice to be set has done so, so changeGate checks its version
    if (!isSet) refuse(whyNotVersion(environment.name, versionOf(environment), Number(form.version)));
    refuseFields(gateErrors(rules, await listRoles(c.var.db)));
    const previewed = digestOf(rules);
    if (!isSet || form.previewed !== previewed)
      return await showPreview(c, environment, { ...form, previewed }, rules, { changed: isSet });
    return await set(c, environment, form, rules);
  } catch (error) {
    const { errors, refused, status } = shownRefusal(error);
    const isPreviewed = isSet && !refused && Object.keys(errors).every((path) => path === "reason" || path === "");
    if (isPreviewed) return showPreview(c, environment, form, rules, { errors, status });
    // a person who was told that the gate was changed in the meantime has seen the newest version
    const version = refused ? String(versionOf(environment)) : form.version;
    return show(c, environment, { ...form, version }, { errors: formErrors(errors, rules), refused, status });
  }
});

async function set(c: SiteContext, environment: Environment, form: GateForm, rules: GateRules) {
  const { site } = c.var.access;
  // what was sent is one request, also if it was previewed in between
  const sent: GateForm = { ...form, previewed: "" };
  const change = { rules, reason: form.reason, expectedVersion: Number(form.version) };
  const { version } = await changeGate(c.var.db, sessionActor(c, sent), site, environment, change);
  flash(c, `The gate of ${environment.name} is set (version ${version}). Open promotions keep theirs.`);
  return c.redirect(`/sites/${site.slug}/settings/environments/${environment.slug}/gate`, 303);
}

const versionOf = ({ gate }: Environment): number => gate?.version ?? 0;

const digestOf = (rules: GateRules): string => sha256(orderedText(normalRules(rules)));

/** Throws a Refusal with 404 or 409 if the environment cannot have a gate. */
function gated(c: SiteContext): Environment {
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.param("environment") ?? "");
  refuse(whyNoGate(environment, site.environments[0]));
  return environment;
}

type Shown = {
  errors?: Record<string, string>;
  refused?: string | undefined;
  status?: number;
  preview?: GatePreview;
};

async function showPreview(
  c: SiteContext,
  environment: Environment,
  form: GateForm,
  typed: GateRules,
  { changed = false, errors, status }: { changed?: boolean } & Shown,
) {
  const { site } = c.var.access;
  const rules = normalRules(typed);
  const staff = await staffOf(c.var.db, site.id, c.var.at);
  const { roleNames } = staff;
  const open = await listPromotions(c.var.db, site.id, { open: true, environment: environment.id, limit: 1000 });
  const preview = {
    sentences: gateSentences(rules, roleNames),
    differences: differencesOf(environment.gate, rules, roleNames),
    warnings: gateWarnings(environment.name, rules, staff),
    promotions: open.map((promotion) => ({
      number: promotion.number,
      sentence: promotionSentence(promotion, rules, roleNames),
    })),
    changed,
  };
  return show(c, environment, form, { preview, ...(errors && { errors }), ...(status && { status }) });
}

/** Without a gate the first one is a change even if all its rules have their default. */
function differencesOf(before: Gate | null, rules: GateRules, roleNames: Record<string, string>): string[] {
  const differences = gateDifferences(before, rules, roleNames);
  return before || differences.length
    ? differences
    : ["promotions: without a gate → with a gate that needs no approval"];
}

async function show(c: SiteContext, environment: Environment, form: GateForm, shown: Shown = {}) {
  const { site } = c.var.access;
  const { db, at: now } = c.var;
  const roles = await listRoles(db);
  const roleNames = Object.fromEntries(roles.map(({ slug, name }) => [slug, name]));
  const versions = await gateVersions(db, site.id, environment.id);
  const { gate } = environment;
  const { warnings } = await checkedGate(db, site, environment, now);
  const content = gatePage({
    site,
    environment,
    inForce: { sentences: gate ? gateSentences(gate, roleNames) : [gateSentence(null)], warnings },
    form,
    roles,
    carryOvers: carryOvers.map((value) => ({ value, label: carryOverWords[value] })),
    preview: shown.preview,
    versions: versions.map((one) => ({ ...one, sentences: gateSentences(one.rules, roleNames) })),
    errors: shown.errors ?? {},
    refused: shown.refused,
    now,
  });
  const about = { title: `Gate of ${environment.name}`, here: "settings" as const, environment: environment.slug };
  return sitePage(c, about, content, (shown.status ?? 200) as 200);
}
