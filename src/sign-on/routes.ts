import { type Context, Hono } from "hono";
import { signedOutOfProviderPage } from "../../views/people/signed-out.ts";
import { findProvider, type IdentityProvider } from "../access/identity-providers.ts";
import { findKeptForm } from "../access/kept-forms.ts";
import { Refusal } from "../errors.ts";
import { containsSecret } from "../http/compression.ts";
import type { AppEnv } from "../http/context.ts";
import { dropCookie, keepCookie, readCookie } from "../http/cookies.ts";
import { flash, signedOutPage } from "../http/pages.ts";
import { browserSecret, clientOf, signInAddress, startSession } from "../http/session.ts";
import { logError } from "../log.ts";
import { safePath } from "../people/rules.ts";
import { personOf } from "./accounts.ts";
import type { Discover } from "./discovery.ts";
import { beginSignIn, type Flow, finishSignIn, providerRefusal, signOutAddress } from "./exchange.ts";

const flowLifetimeMs = 10 * 60_000;

/** Signing in with an identity provider, and out of it. */
export function signOnRoutes(discover: Discover): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  // a link and no form: Chromium applies form-action to all redirects after a form, also to those between two providers
  routes.get("/sign-in/:provider", async (c) => {
    const next = safePath(c.req.query("next"));
    // a person signs in by pressing a button here, and not by opening another web site
    if (c.req.header("sec-fetch-site") === "cross-site") return c.redirect(signInAddress(next), 303);
    return orSignInPage(c, next, async (provider) => {
      const again = c.req.query("again") !== undefined;
      const redirectUri = callbackAddress(c.var.baseUrl, provider.slug);
      const { address, flow } = await beginSignIn(await discover(provider), provider, { redirectUri, next, again });
      keepFlow(c, flow);
      return c.redirect(address, 303);
    });
  });

  routes.get("/sign-in/:provider/callback", async (c) => {
    const flow = takeFlow(c);
    const next = safePath(flow?.next);
    return orSignInPage(c, next, async (provider) => {
      if (flow?.provider !== provider.id)
        throw new Refusal(401, "This sign-in took too long, or began in another browser. Try again.");
      const address = new URL(callbackAddress(c.var.baseUrl, provider.slug) + new URL(c.req.url).search);
      const { claims, ...signIn } = await finishSignIn(await discover(provider), provider, address, flow);
      const { db, at } = c.var;
      const person = await personOf(db, { provider, claims, client: clientOf(c), at });
      await startSession(c, person.id, `with ${provider.name}`, { slug: provider.slug, ...signIn });
      return c.redirect(next, 303);
    });
  });

  routes.get("/sign-in/:provider/signed-out", async (c) => {
    const { db, at, baseUrl } = c.var;
    const [provider, secret] = [await findProvider(db, c.req.param("provider")), browserSecret(c)];
    const kept = secret && (await findKeptForm<{ idToken: string }>(db, { id: c.req.query("of") ?? "", secret, at }));
    if (!provider || !kept) return c.redirect("/sign-in", 303);
    const address = await signOutAddress(await discover(provider), kept.content.idToken, `${baseUrl}/sign-in`).catch(
      () => undefined,
    );
    containsSecret(c);
    return signedOutPage(c, "Signed out", signedOutOfProviderPage({ name: provider.name, address }));
  });

  return routes;
}

/** The address to which a provider leads back; it has to be registered there. */
const callbackAddress = (baseUrl: string, slug: string): string => `${baseUrl}/sign-in/${slug}/callback`;

/** What `work` answers; if it is refused or the provider fails, the sign-in page with a sentence that says why. */
async function orSignInPage(
  c: Context<AppEnv>,
  next: string,
  work: (provider: IdentityProvider) => Promise<Response>,
): Promise<Response> {
  const provider = await findProvider(c.var.db, c.req.param("provider") ?? "");
  try {
    if (!provider) throw new Refusal(404, "This way to sign in no longer exists.");
    return await work(provider);
  } catch (error) {
    if (!(error instanceof Refusal)) logError(`Sign-in with ${provider?.slug} failed: ${describe(error)}`);
    flash(c, providerRefusal(error, provider ?? { name: "" }).message, "bad");
    return c.redirect(signInAddress(next), 303);
  }
}

/** Without what the provider sent, which may contain secrets. */
function describe(error: unknown): string {
  const { name, message, code, error: failure } = error as Error & { code?: string; error?: string };
  return [name, code, failure, message].filter(Boolean).join(", ");
}

/** One cookie for each sign-in that has begun, so that two tabs do not disturb each other. */
const flowCookie = (state: string) => `sitebook-flow-${state.replace(/[^\w-]/g, "").slice(0, 16)}`;

function keepFlow(c: Context<AppEnv>, flow: Flow): void {
  const value = Buffer.from(JSON.stringify(flow)).toString("base64url");
  // the provider's redirect brings it along
  keepCookie(c, flowCookie(flow.state), value, { lifetimeMs: flowLifetimeMs, sameSite: "Lax" });
}

function takeFlow(c: Context<AppEnv>): Flow | undefined {
  const name = flowCookie(c.req.query("state") ?? "");
  const value = readCookie(c, name);
  dropCookie(c, name);
  try {
    return value ? (JSON.parse(Buffer.from(value, "base64url").toString()) as Flow) : undefined;
  } catch {
    return;
  }
}
