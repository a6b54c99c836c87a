import { type Context, Hono, type MiddlewareHandler, type Next } from "hono";
import { csrf } from "hono/csrf";
import { secureHeaders } from "hono/secure-headers";
import { help } from "../views/help.ts";
import { limitHashing } from "./access/password-queue.ts";
import { createSecrets, type Secrets } from "./access/secrets.ts";
import { type SessionLifetime, usualLifetime } from "./access/sessions.ts";
import { tokenAddressWatch } from "./access/token-addresses.ts";
import { artifactRoutes } from "./artifacts/routes.ts";
import { siteFrame } from "./board/frame.ts";
import { boardRoutes } from "./board/routes.ts";
import { cachedSummary } from "./board/site-summary.ts";
import { calendarRoutes } from "./calendar/routes.ts";
import { compareRoutes } from "./compare/routes.ts";
import { correctionRoutes } from "./corrections/routes.ts";
import type { Database } from "./database/connect.ts";
import { delegationRoutes } from "./delegations/routes.ts";
import { deploymentRoutes } from "./deployments/routes.ts";
import { environmentRoutes } from "./environments/routes.ts";
import { Refusal } from "./errors.ts";
import { evidenceRoutes } from "./evidence/routes.ts";
import { exportRoutes } from "./exports/routes.ts";
import { feedRoutes, secretFeeds } from "./feeds/routes.ts";
import { showElsewhere } from "./feeds/send.ts";
import { findingRoutes } from "./findings/routes.ts";
import { freezeRoutes } from "./freezes/routes.ts";
import { guestInvitationRoutes, guestRoutes } from "./guests/routes.ts";
import { historyRoutes } from "./history/routes.ts";
import { type Assets, loadAssets } from "./http/assets.ts";
import { limitForms, limitImports } from "./http/body-limits.ts";
import { compression, measureJson } from "./http/compression.ts";
import type { AppEnv, SiteEnv } from "./http/context.ts";
import { handleError } from "./http/error-pages.ts";
import { guardForms, showKept, withholdWrites } from "./http/kept-forms.ts";
import { personPage } from "./http/pages.ts";
import { logRefusals } from "./http/refusal-log.ts";
import { knowPerson, needAccess, needAdministrator, needPerson, onlyForPerson } from "./http/session.ts";
import { type Pace, watchSites } from "./http/site-changes.ts";
import { liveUpdateRoutes } from "./live-updates/routes.ts";
import type { Mailer } from "./mail/mailer.ts";
import { callable } from "./network/private-networks.ts";
import { noticeRoutes, unsubscribeRoutes } from "./notices/routes.ts";
import { promotionTextRoutes } from "./observations/promotion-text-routes.ts";
import { observedPageRoutes } from "./observations/routes.ts";
import { codeRoutes } from "./people/code-sign-in.ts";
import { linkRoutes } from "./people/link-routes.ts";
import { mailRoutes } from "./people/mail-routes.ts";
import { ownPasskeyRoutes, passkeyRoutes } from "./people/passkey-routes.ts";
import { accountRoutes, signInRoutes } from "./people/routes.ts";
import { securityRoutes } from "./people/security-routes.ts";
import { twoFactorRoutes } from "./people/two-factor-routes.ts";
import { inboxRoutes, promotionRoutes } from "./promotions/routes.ts";
import { promotionRequests, releaseRoutes } from "./releases/routes.ts";
import { searchRoutes } from "./search/routes.ts";
import { closingRoutes } from "./settings/closing.ts";
import { environmentSettingsRoutes } from "./settings/environments.ts";
import { findingSettingsRoutes } from "./settings/findings.ts";
import { gateSettingsRoutes } from "./settings/gate.ts";
import { jobSettingsRoutes } from "./settings/jobs.ts";
import { maskSettingsRoutes } from "./settings/masks.ts";
import { noticeSettingsRoutes } from "./settings/notices.ts";
import { peopleSettingsRoutes } from "./settings/people.ts";
import { removalRoutes } from "./settings/removal.ts";
import { roleSettingsRoutes } from "./settings/roles.ts";
import { securitySettingsRoutes } from "./settings/security.ts";
import { signInSettingsRoutes } from "./settings/sign-in.ts";
import { siteSettingsRoutes } from "./settings/site.ts";
import { tokenSettingsRoutes } from "./settings/tokens.ts";
import { visitSettingsRoutes } from "./settings/visits.ts";
import { webhookSettingsRoutes } from "./settings/webhooks.ts";
import { setupRoutes } from "./setup/routes.ts";
import { cachedDiscovery } from "./sign-on/discovery.ts";
import { signOnRoutes } from "./sign-on/routes.ts";
import { siteRoutes } from "./sites/routes.ts";
import { visitRoutes } from "./visits/routes.ts";

export interface Options {
  baseUrl: string;
  /** By default read from their files. */
  assets?: Assets;
  now?: () => Date;
  /** Ends what pages listen to. */
  stopping?: AbortSignal;
  /** How often open pages are notified of changes. */
  pace?: Partial<Pace>;
  /** The client's address, for rate limits. */
  address?: (request: Request, env: unknown) => string;
  /** Undefined: no mail is sent, and the pages say so. */
  mailer?: Mailer | undefined;
  /** Private addresses and ranges that webhooks may call. */
  webhookNetworks?: string[];
  /** By default with a key in memory. */
  secrets?: Secrets;
  /** Writes a line about each refused request; undefined: none. */
  log?: ((line: string) => void) | undefined;
  sessions?: SessionLifetime;
}

/** Builds the application on a migrated database; `server.ts` serves it. */
export function createApp(
  db: Database,
  {
    baseUrl,
    assets = loadAssets(),
    now = () => new Date(),
    address = () => "",
    stopping = new AbortController().signal,
    pace,
    mailer,
    webhookNetworks = [],
    secrets = createSecrets({ databaseUrl: "file::memory:" }),
    log,
    sessions = usualLifetime,
  }: Options,
): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const siteSummary = cachedSummary();
  const hashing = limitHashing();
  const mayCall = callable(webhookNetworks);
  const watchTokenAddress = tokenAddressWatch();
  const discover = cachedDiscovery(secrets);
  const changes = watchSites(db, pace);
  app.onError(handleError);
  app.notFound((c) => handleError(new Refusal(404, "There is no page at this address."), c));
  const setContext: MiddlewareHandler<AppEnv> = async (c, next) => {
    c.set("db", db);
    const at = now().toISOString();
    c.set("at", at);
    c.set("now", () => now().toISOString());
    c.set("changes", changes);
    c.set("stopping", stopping);
    c.set("baseUrl", baseUrl);
    c.set("mailer", mailer);
    c.set("mayCall", mayCall);
    c.set("address", () => address(c.req.raw, c.env));
    c.set("secrets", secrets);
    c.set("assets", assets.urls);
    c.set("siteSummary", (db, site) => siteSummary(db, site, at));
    c.set("siteFrame", siteFrame);
    c.set("sessionLifetime", sessions);
    c.set("limitHashing", hashing);
    c.set("watchTokenAddress", watchTokenAddress);
    await next();
  };
  const refusals = logRefusals(log);
  app.use(setContext, refusals);
  app.use(async (c, next) => {
    await next();
    if (c.req.method !== "GET") changes.check();
  });
  app.use(compression);
  app.use("/feeds/*", showElsewhere);
  app.use(headers());
  app.route("/", assets.app);
  app.use(forbidCaching);
  // before what protects browsers: the API ignores cookies, so they cannot be abused there
  const api = loadOnce(async () =>
    withContext([setContext, refusals], (await import("./api-app.ts")).createApi(baseUrl)),
  );
  for (const path of ["/api/*", "/openapi.json", "/healthz", "/readyz"])
    app.all(path, measureJson, async (c) => (await api()).fetch(c.req.raw, c.env));
  // mail programs post without cookies and without an origin
  app.route("/", unsubscribeRoutes);
  // as little: whoever knows the address may read them
  app.route("/feeds", secretFeeds);
  app.use(csrf({ origin: (origin, c) => origin === new URL(baseUrl).origin || origin === new URL(c.req.url).origin }));
  app.use(limitForms);
  app.use(knowPerson);
  app.use("/sites/:site/*", onlyForPerson);
  app.use("/sites/:site/*", (c, next) => (c.var.person ? limitImports(c, next) : next()));
  app.use(showKept(app), withholdWrites, guardForms);
  app.get("/help", (c) => personPage(c, "Help", help()));
  app.route("/", signInRoutes);
  app.route("/", accountRoutes);
  app.route("/", securityRoutes);
  app.route("/", codeRoutes);
  app.route("/", twoFactorRoutes);
  app.route("/", passkeyRoutes);
  app.route("/", ownPasskeyRoutes);
  app.route("/", signOnRoutes(discover));
  app.route("/", closingRoutes);
  app.route("/settings/roles", roleSettingsRoutes);
  app.route("/settings/sign-in", signInSettingsRoutes(discover));
  app.route("/", linkRoutes);
  app.route("/", mailRoutes);
  app.route("/", guestRoutes);
  app.route("/", setupRoutes);
  app.route("/", siteRoutes);
  app.route("/sites/:site", site());
  return app;
}

/** Loads on the first call: the API's schemas take as long to load as everything else. After a failure it tries again. */
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

function withContext(context: MiddlewareHandler<AppEnv>[], api: Hono<AppEnv>): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.onError(handleError);
  app.use(...context);
  app.route("/", api);
  return app;
}

/** Keeps pages out of the browser's cache, where the next person at the same machine could read them. */
async function forbidCaching(c: Context, next: Next): Promise<void> {
  await next();
  // `c.header` would copy the response as a stream, which the adapter takes several times as long to send
  const { headers } = c.res;
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
}

/** All pages of a site, for people who may see it. */
function site(): Hono<SiteEnv> {
  const pages = new Hono<SiteEnv>();
  pages.use(needPerson, needAccess);
  pages.route("/", boardRoutes);
  pages.route("/", exportRoutes);
  pages.route("/", evidenceRoutes);
  pages.route("/deployments", deploymentRoutes);
  pages.route("/corrections", correctionRoutes);
  pages.route("/environments", environmentRoutes);
  pages.route("/observations", visitRoutes);
  pages.route("/observations", observedPageRoutes);
  pages.route("/findings", findingRoutes);
  pages.route("/artifacts", artifactRoutes);
  pages.route("/compare", compareRoutes);
  pages.route("/history", historyRoutes);
  pages.route("/delegations", delegationRoutes);
  pages.route("/notices", noticeRoutes);
  pages.route("/releases", releaseRoutes);
  pages.route("/promotions", promotionRequests);
  pages.route("/promotions", promotionRoutes);
  pages.route("/promotions", promotionTextRoutes);
  pages.route("/promotions", guestInvitationRoutes);
  pages.route("/approvals", inboxRoutes);
  pages.route("/calendar", calendarRoutes);
  pages.route("/search", searchRoutes);
  pages.route("/feeds", feedRoutes);
  pages.route("/", liveUpdateRoutes);
  // before the check: everybody may read it
  pages.route("/settings/freezes", freezeRoutes);
  pages.use("/settings/*", needAdministrator);
  pages.route("/settings", siteSettingsRoutes);
  pages.route("/settings/environments", environmentSettingsRoutes);
  pages.route("/settings/environments", gateSettingsRoutes);
  pages.route("/settings/environments", visitSettingsRoutes);
  pages.route("/settings/environments", findingSettingsRoutes);
  pages.route("/settings/masks", maskSettingsRoutes);
  pages.route("/settings/people", peopleSettingsRoutes);
  pages.route("/settings/people", removalRoutes);
  pages.route("/settings/tokens", tokenSettingsRoutes);
  pages.route("/settings/security", securitySettingsRoutes);
  pages.route("/settings/jobs", jobSettingsRoutes);
  pages.route("/settings/notices", noticeSettingsRoutes);
  pages.route("/settings/webhooks", webhookSettingsRoutes);
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
