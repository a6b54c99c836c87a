import type { AuthorizationCodeGrantChecks, Configuration, IDToken, UserInfoResponse } from "openid-client";
import type { IdentityProvider } from "../access/identity-providers.ts";
import { Refusal } from "../errors.ts";
import type { Claims } from "./rules.ts";

/** What a browser keeps between leaving for the provider and coming back. */
export interface Flow {
  /** The id of the provider that it began with; no other may end it (RFC 9700, 2.1). */
  provider: string;
  state: string;
  nonce: string;
  verifier: string;
  /** The page to continue to. */
  next: string;
  /** The password has to be entered again, also if the provider knows the person. */
  again: boolean;
}

/** How long ago a person may have entered their password at the provider, if they have to do so again. */
const freshSeconds = 300;

/** The address at the provider to go to, with PKCE, state and nonce, and what to keep until the answer. */
export async function beginSignIn(
  config: Configuration,
  provider: IdentityProvider,
  { redirectUri, next, again }: { redirectUri: string; next: string; again: boolean },
): Promise<{ address: string; flow: Flow }> {
  const client = await import("openid-client");
  const verifier = client.randomPKCECodeVerifier();
  const secrets = { state: client.randomState(), nonce: client.randomNonce(), verifier };
  const flow = { provider: provider.id, ...secrets, next, again };
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: ["openid", "email", "profile", provider.scopes].join(" ").trim(),
    state: flow.state,
    nonce: flow.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...(again && { max_age: "0", prompt: "login" }),
  });
  return { address: address.href, flow };
}

export interface Answer {
  claims: Claims;
  idToken: string;
  /** When they entered their password there, ISO 8601 UTC; long ago if the provider does not say. */
  authenticatedAt: string;
}

/** Exchanges the code in the address that the provider led back to for what it says about the person. */
export async function finishSignIn(
  config: Configuration,
  provider: IdentityProvider,
  address: URL,
  flow: Flow,
): Promise<Answer> {
  const client = await import("openid-client");
  const checks: AuthorizationCodeGrantChecks = {
    pkceCodeVerifier: flow.verifier,
    expectedState: flow.state,
    expectedNonce: flow.nonce,
    idTokenExpected: true,
    ...(flow.again && { maxAge: freshSeconds }),
  };
  const tokens = await client.authorizationCodeGrant(config, address, checks);
  const idClaims = tokens.claims() as IDToken;
  const info = config.serverMetadata().userinfo_endpoint
    ? await client.fetchUserInfo(config, tokens.access_token, idClaims.sub)
    : undefined;
  return {
    claims: readClaims({ ...info, ...idClaims }, provider.roles_claim),
    idToken: tokens.id_token ?? "",
    authenticatedAt: new Date((idClaims.auth_time ?? 0) * 1000).toISOString(),
  };
}

/** What is missing, or is not of the type that the standard says, is undefined. */
function readClaims(claims: Partial<IDToken & UserInfoResponse> & { sub: string }, rolesClaim: string | null): Claims {
  const text = (value: unknown) => (typeof value === "string" && value.trim() ? value.trim() : undefined);
  const { email_verified: verified } = claims as { email_verified?: unknown };
  const groups = rolesClaim === null ? [] : [(claims as Record<string, unknown>)[rolesClaim] ?? []].flat();
  return {
    subject: claims.sub,
    email: text(claims.email),
    // some providers send it as text
    emailVerified: verified === undefined ? undefined : verified === true || verified === "true",
    name: text(claims.name) ?? text([claims.given_name, claims.family_name].filter(Boolean).join(" ")),
    groups: groups.filter((value) => typeof value === "string"),
  };
}

/** The address at which a person signs out of the provider; undefined if it has none. */
export async function signOutAddress(
  config: Configuration,
  idToken: string,
  back: string,
): Promise<string | undefined> {
  if (!config.serverMetadata().end_session_endpoint) return;
  const client = await import("openid-client");
  const hint = idToken && { id_token_hint: idToken };
  return client.buildEndSessionUrl(config, { ...hint, post_logout_redirect_uri: back }).href;
}

/**
 * What a person reads about an error on the way to the provider and back. Nothing that the provider or an address says of
 * it is shown: anybody could have written that.
 */
export function providerRefusal(error: unknown, { name }: { name: string }): Refusal {
  if (error instanceof Refusal) return error;
  const { code, cause } = error as { code?: string; cause?: unknown };
  const failure = (error as { error?: string }).error;
  if (code === "OAUTH_AUTHORIZATION_RESPONSE_ERROR")
    return new Refusal(
      401,
      failure === "access_denied" ? `You did not sign in at ${name}.` : `${name} did not sign you in.`,
    );
  if (code === "OAUTH_RESPONSE_BODY_ERROR" || code === "OAUTH_WWW_AUTHENTICATE_CHALLENGE")
    return new Refusal(409, `${name} refuses Sitebook. An administrator has to check its client ID and secret.`);
  if (
    code === "OAUTH_TIMEOUT" ||
    isNetworkError(error) ||
    isNetworkError(cause) ||
    code === "OAUTH_RESPONSE_IS_NOT_CONFORM"
  )
    return new Refusal(409, `${name} does not answer at the moment. Try again shortly.`);
  return new Refusal(401, `The answer of ${name} is not valid. Try again.`);
}

function isNetworkError(error: unknown): boolean {
  return error instanceof TypeError && /fetch failed|terminated/.test(error.message);
}
