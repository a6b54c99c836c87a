import { OpenAPIHono } from "@hono/zod-openapi";
import { needSite, needToken } from "./api/auth.ts";
import { refuseShape } from "./api/validation-errors.ts";
import { artifacts } from "./artifacts/api.ts";
import { comparison } from "./compare/api.ts";
import { corrections } from "./corrections/api.ts";
import { deployments } from "./deployments/api.ts";
import { environments } from "./environments/api.ts";
import { missing } from "./errors.ts";
import { health } from "./health.ts";
import { events } from "./history/api.ts";
import { importsFit } from "./http/body-limits.ts";
import type { AppEnv, SiteEnv } from "./http/context.ts";
import { promotions } from "./promotions/api.ts";
import { releases } from "./releases/api.ts";
import { sites } from "./sites/api.ts";

/** All calls for machines, and the document that describes them, made from the schemas that check them. */
export function api(baseUrl: string): OpenAPIHono<AppEnv> {
  const all = new OpenAPIHono<AppEnv>({ defaultHook: refuseShape });
  all.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "http",
    scheme: "bearer",
    description: "A token of the site, made in its settings or by `sitebook token create`.",
  });
  all.route("/", health);
  all.route("/api/v1", calls());
  all.all("/api/*", () => missing("call"));
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
  versioned.use("/sites/*", needToken, importsFit);
  versioned.use("/sites/:site/*", needSite);
  for (const noun of [
    sites,
    environments,
    deployments,
    artifacts,
    comparison,
    corrections,
    releases,
    promotions,
    events,
  ])
    versioned.route("/", noun);
  return versioned;
}

const description = `The book of record of a web site: what is where, in which version, since when, and who approved it.

Times are RFC 3339. Lists answer \`items\` and \`next\`, the cursor of the next page. Errors are problem+json (RFC 9457): \`detail\`
is a sentence, \`errors\` names each bad field, \`blockers\` everything that stands in the way. Fields may be added to answers;
none is renamed or removed.`;
