import { OpenAPIHono } from "@hono/zod-openapi";
import { needToken } from "./api/auth.ts";
import { rejectInvalid } from "./api/validation-errors.ts";
import { artifactApi } from "./artifacts/api.ts";
import { ownerApi } from "./artifacts/owner-api.ts";
import { compareApi } from "./compare/api.ts";
import { correctionApi } from "./corrections/api.ts";
import { delegationApi } from "./delegations/api.ts";
import { deploymentApi } from "./deployments/api.ts";
import { environmentApi } from "./environments/api.ts";
import { environmentChangesApi } from "./environments/changes-api.ts";
import { notFound } from "./errors.ts";
import { feedApi } from "./feeds/api.ts";
import { findingApi } from "./findings/api.ts";
import { checkApi } from "./findings/checks-api.ts";
import { freezeApi } from "./freezes/api.ts";
import { gateApi } from "./gates/api.ts";
import { guestApi } from "./guests/api.ts";
import { healthApi } from "./health.ts";
import { eventApi } from "./history/api.ts";
import { limitImports } from "./http/body-limits.ts";
import type { AppEnv, SiteEnv } from "./http/context.ts";
import { needAccess } from "./http/session.ts";
import { noticeApi } from "./notices/api.ts";
import { bounceApi } from "./notices/bounce-api.ts";
import { observationApi } from "./observations/api.ts";
import { maskApi } from "./observations/masks-api.ts";
import { securityApi } from "./people/security-api.ts";
import { promotionApi } from "./promotions/api.ts";
import { commentApi } from "./promotions/comments-api.ts";
import { completionApi } from "./promotions/completions-api.ts";
import { decisionApi } from "./promotions/decisions-api.ts";
import { rollbackApi } from "./promotions/rollback-api.ts";
import { scheduleApi } from "./promotions/schedule-api.ts";
import { releaseApi } from "./releases/api.ts";
import { roleApi } from "./roles/api.ts";
import { siteApi } from "./sites/api.ts";
import { visitApi } from "./visits/api.ts";
import { visitSettingsApi } from "./visits/settings-api.ts";
import { webhookApi, webhookCall } from "./webhooks/api.ts";
import { webhookChangesApi } from "./webhooks/changes-api.ts";

/** The API, and the OpenAPI document, which is generated from the schemas that check the requests. */
export function createApi(baseUrl: string): OpenAPIHono<AppEnv> {
  const all = new OpenAPIHono<AppEnv>({ defaultHook: rejectInvalid });
  all.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "http",
    scheme: "bearer",
    description: "A token of the site, created in its settings or by `sitebook token create`.",
  });
  all.openAPIRegistry.registerWebhook(webhookCall);
  all.route("/", healthApi);
  all.route("/api/v1", calls());
  all.all("/api/*", () => notFound("API call"));
  let document: string | undefined;
  all.get("/openapi.json", (c) => {
    document ??= JSON.stringify(describe(all, baseUrl));
    return c.body(document, 200, { "content-type": "application/json" });
  });
  return all;
}

const describe = (all: OpenAPIHono<AppEnv>, url: string) =>
  all.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "Sitebook", version: "1", description },
    servers: [{ url }],
  });

function calls(): OpenAPIHono<SiteEnv> {
  const versioned = new OpenAPIHono<SiteEnv>();
  versioned.use("/sites/*", needToken, limitImports);
  versioned.use("/roles/*", needToken, limitImports);
  versioned.use("/sites/:site/*", needAccess);
  for (const noun of [
    siteApi,
    environmentApi,
    environmentChangesApi,
    gateApi,
    findingApi,
    visitApi,
    observationApi,
    visitSettingsApi,
    checkApi,
    maskApi,
    deploymentApi,
    artifactApi,
    ownerApi,
    compareApi,
    correctionApi,
    releaseApi,
    promotionApi,
    decisionApi,
    scheduleApi,
    completionApi,
    rollbackApi,
    freezeApi,
    commentApi,
    guestApi,
    webhookApi,
    webhookChangesApi,
    feedApi,
    noticeApi,
    bounceApi,
    roleApi,
    delegationApi,
    eventApi,
    securityApi,
  ])
    versioned.route("/", noun);
  return versioned;
}

const description = `The book of record of a web site: what is where, in which version, since when, and who approved it.

Times are RFC 3339. Lists return \`items\` and \`next\`, the cursor of the next page. Errors are problem+json (RFC 9457): \`detail\`
is a sentence, \`errors\` names each wrong field, \`blockers\` all that blocks the request. Fields may be added to responses;
none is renamed or removed.

To be told instead of asking: \`POST /sites/{site}/webhooks\` (what arrives there is under \`webhooks\`), and
\`POST /sites/{site}/feeds\` for Atom, iCalendar and badges. Mail needs \`SMTP_URL\` and \`MAIL_FROM\` where Sitebook runs.`;
