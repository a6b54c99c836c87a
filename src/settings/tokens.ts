import { Hono } from "hono";
import { tokenPage, tokensPage } from "../../views/settings/tokens.ts";
import { besideFields } from "../errors.ts";
import { containsSecret } from "../http/compression.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { checkedValues, formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { listTokens } from "../people/queries.ts";
import { createToken, revokeToken } from "../people/tokens.ts";
import { validDate } from "../time/calendar.ts";
import { endOfDay } from "../time/parse-moment.ts";
import { roleChoices } from "./people.ts";

/** Tokens, which are the accounts of machines. */
export const tokenSettingsRoutes = new Hono<SiteEnv>();

tokenSettingsRoutes.get("/", async (c) => showTokens(c, { name: "", roles: ["contributor"], until: "" }));

tokenSettingsRoutes.post("/", async (c) => {
  const { name, until } = await formFields(c, "name", "until");
  const roles = await checkedValues(c, "roles");
  const { site } = c.var.access;
  const expires_at = validDate(until) && endOfDay(until, site.time_zone);
  if (until && !expires_at) return showTokens(c, { name, roles, until }, { until: "Enter a date like 2026-12-31." });
  try {
    const token = await createToken(c.var.db, sessionActor(c), site, { name, roles, expires_at });
    containsSecret(c);
    return sitePage(c, { title: token.name, here: "settings" }, tokenPage({ site, ...token }), 201);
  } catch (error) {
    const { expires_at: past, ...errors } = besideFields(error).errors;
    return showTokens(c, { name, roles, until }, { ...errors, ...(past && { until: past }) });
  }
});

tokenSettingsRoutes.post("/:token{[0-9a-f-]{36}}/revocation", async (c) => {
  const { name } = await revokeToken(c.var.db, sessionActor(c), c.var.access.site, c.req.param("token"));
  flash(c, `${name} revoked.`);
  return c.redirect(`/sites/${c.var.access.site.slug}/settings/tokens`, 303);
});

async function showTokens(
  c: SiteContext,
  form: { name: string; roles: string[]; until: string },
  errors?: Record<string, string>,
) {
  const { site } = c.var.access;
  const tokens = await listTokens(c.var.db, site.id);
  const props = { site, tokens, choices: await roleChoices(c), form, now: c.var.at };
  const content = tokensPage({ ...props, ...(errors && { errors }) });
  return sitePage(c, { title: "Tokens", here: "settings" }, content, errors ? 422 : 200);
}
