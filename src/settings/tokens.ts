import { Hono } from "hono";
import { tokenPage, tokensPage } from "../../views/settings/tokens.ts";
import { besideFields } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { choices, fields } from "../http/forms.ts";
import { page, say } from "../http/pages.ts";
import { by } from "../http/session.ts";
import { tokensOf } from "../people/queries.ts";
import { createToken, revokeToken } from "../people/tokens.ts";
import { parseMoment } from "../time/parse-moment.ts";
import { roleChoices } from "./people.ts";

/** Tokens, the machines' accounts. */
export const tokenSettings = new Hono<SiteEnv>();

tokenSettings.get("/", async (c) => showTokens(c, { name: "", roles: ["contributor"], until: "" }));

tokenSettings.post("/", async (c) => {
  const { name, until } = await fields(c, "name", "until");
  const roles = await choices(c, "roles");
  const { site } = c.var.access;
  const expires_at = until ? endOfDay(until, site.time_zone) : undefined;
  if (until && !expires_at) return showTokens(c, { name, roles, until }, { until: "Write a day like 2026-12-31." });
  try {
    const token = await createToken(c.var.db, by(c), site, { name, roles, expires_at });
    return page(c, { title: token.name, here: "settings" }, tokenPage({ site, ...token }), 201);
  } catch (error) {
    const { expires_at: past, ...errors } = besideFields(error).errors;
    return showTokens(c, { name, roles, until }, { ...errors, ...(past && { until: past }) });
  }
});

tokenSettings.post("/:token{[0-9a-f-]{36}}/revocation", async (c) => {
  const { name } = await revokeToken(c.var.db, by(c), c.var.access.site, c.req.param("token"));
  say(c, `${name} is revoked.`);
  return c.redirect(`/sites/${c.var.access.site.slug}/settings/tokens`, 303);
});

/** The midnight after a day, by the site's clocks; nothing for what is no day. */
function endOfDay(day: string, zone: string): string | undefined {
  const today = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00Z`) : Number.NaN;
  if (Number.isNaN(today) || dayOf(today) !== day) return;
  const read = parseMoment(`${dayOf(today + 24 * 60 * 60 * 1000)}T00:00`, zone, "2999-12-31T00:00:00.000Z");
  return "at" in read ? read.at : undefined;
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

async function showTokens(
  c: SiteContext,
  form: { name: string; roles: string[]; until: string },
  errors?: Record<string, string>,
) {
  const { site } = c.var.access;
  const tokens = await tokensOf(c.var.db, site.id);
  const props = { site, tokens, choices: await roleChoices(c), form, now: c.var.at };
  const content = tokensPage({ ...props, ...(errors && { errors }) });
  return page(c, { title: "Tokens", here: "settings" }, content, errors ? 422 : 200);
}
