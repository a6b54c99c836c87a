import { type Context, Hono, type MiddlewareHandler, type Next } from "hono";
import { csrf } from "hono/csrf";
import { secureHeaders } from "hono/secure-headers";
import { help } from "../views/help.ts";
import { layout } from "../views/layout.ts";
import { limitHashing } from "./access/password-queue.ts";
import { artifacts } from "./artifacts/routes.ts";
import { siteFrame } from "./board/frame.ts";
import { board } from "./board/routes.ts";
import { keepTallies } from "./board/site-summary.ts";
import { comparisons } from "./compare/routes.ts";
import { corrections } from "./corrections/routes.ts";
import type { Database } from "./database/connect.ts";
import { deployments } from "./deployments/routes.ts";
import { environments } from "./environments/routes.ts";
import { Refusal } from "./errors.ts";
import { evidence } from "./evidence/routes.ts";
import { exports } from "./exports/routes.ts";
import { history } from "./history/routes.ts";
import { assets } from "./http/assets.ts";
import { formsFit, importsFit } from "./http/body-limits.ts";
import type { AppEnv, SiteEnv } from "./http/context.ts";
import { fail } from "./http/error-pages.ts";
import { answer, plainFrame } from "./http/pages.ts";
import { knowPerson, needAccess, needAdministrator, needPerson } from "./http/session.ts";
import { links } from "./people/link-routes.ts";
import { people } from "./people/routes.ts";
import { approvals, promotions } from "./promotions/routes.ts";
import { promotionRequests, releases } from "./releases/routes.ts";
import { searching } from "./search/routes.ts";
import { environmentSettings } from "./settings/environments.ts";
import { peopleSettings } from "./settings/people.ts";
import { siteSettings } from "./settings/site.ts";
import { tokenSettings } from "./settings/tokens.ts";
import { setup } from "./setup/routes.ts";
import { sites } from "./sites/routes.ts";

export interface Options {
  baseUrl: string;
  now?: () => Date;
  /** Where a request comes from, for rate limits. */
  address?: (request: Request, env: unknown) => string;
}

/** Builds Sitebook on a migrated database; `server.ts` serves it. */
export function createApp(
  db: Database,
  { baseUrl, now = () => new Date(), address = () => "" }: Options,
): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const files = assets();
  const tallies = keepTallies();
  const hashing = limitHashing();
  app.onError(fail);
  app.notFound((c) => fail(new Refusal(404, "There is no such page."), c));
  const known: MiddlewareHandler<AppEnv> = async (c, next) => {
    c.set("db", db);
    c.set("at", now().toISOString());
    c.set("baseUrl", baseUrl);
    c.set("address", () => address(c.req.raw, c.env));
    c.set("assets", files.urls);
    c.set("tallies", tallies);
    c.set("siteFrame", siteFrame);
    c.set("limitHashing", hashing);
    await next();
  };
  app.use(known);
  app.use(headers());
  app.route("/", files.app);
  app.use(keepNothing);
  // before what concerns browsers: the API takes no cookies, so nobody's can be abused there
  const api = loadOnce(async () => withContext(known, (await import("./api-app.ts")).api(baseUrl)));
  for (const path of ["/api/*", "/openapi.json", "/healthz", "/readyz"])
    app.all(path, async (c) => (await api()).fetch(c.req.raw, c.env));
  app.use(csrf({ origin: (origin, c) => origin === new URL(baseUrl).origin || origin === new URL(c.req.url).origin }));
  app.use(formsFit);
  app.use(knowPerson);
  app.get("/help", async (c) => answer(c, layout(await plainFrame(c, "Help"), help())));
  app.route("/", people);
  app.route("/", links);
  app.route("/", setup);
  app.route("/", sites);
  app.route("/sites/:site", site());
  return app;
}

/** Loaded on the first request: the API's schemas take as long to load as everything else, and a failure is tried again. */
function loadOnce<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
}

function withContext(known: MiddlewareHandler<AppEnv>, api: Hono<AppEnv>): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.onError(fail);
  app.use(known);
  app.route("/", api);
  return app;
}

/** What somebody saw is not to be had from the browser's cache by whoever sits there next. */
async function keepNothing(c: Context, next: Next): Promise<void> {
  await next();
  // `c.header` would make the whole answer anew, as a stream, which the adapter sends several times as slowly
  const { headers } = c.res;
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
}

/** Everything below a site: only for those who may see it. */
function site(): Hono<SiteEnv> {
  const pages = new Hono<SiteEnv>();
  pages.use(needPerson, needAccess, importsFit);
  pages.route("/", board);
  pages.route("/", exports);
  pages.route("/", evidence);
  pages.route("/deployments", deployments);
  pages.route("/corrections", corrections);
  pages.route("/environments", environments);
  pages.route("/artifacts", artifacts);
  pages.route("/compare", comparisons);
  pages.route("/history", history);
  pages.route("/releases", releases);
  pages.route("/promotions", promotionRequests);
  pages.route("/promotions", promotions);
  pages.route("/approvals", approvals);
  pages.route("/search", searching);
  pages.use("/settings/*", needAdministrator);
  pages.route("/settings", siteSettings);
  pages.route("/settings/environments", environmentSettings);
  pages.route("/settings/people", peopleSettings);
  pages.route("/settings/tokens", tokenSettings);
  return pages;
}

function headers() {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      connectSrc: ["'self'"],
      imgSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    referrerPolicy: "same-origin",
    xFrameOptions: "DENY",
    strictTransportSecurity: false,
  });
}
