import type { ClientAuth, Configuration } from "openid-client";
import type { IdentityProvider } from "../access/identity-providers.ts";
import type { Secrets } from "../access/secrets.ts";
import { Refusal } from "../errors.ts";
import { secretContext } from "./providers.ts";

/** In seconds, for each request to a provider: a person waits for it. */
const timeoutSeconds = 5;
/** How long what a provider says of itself is used. */
const lifetimeMs = 60 * 60_000;

/** What is known of a provider, asked for when it is first needed. Throws a Refusal with 409 if its secret cannot be opened. */
export type Discover = (provider: IdentityProvider) => Promise<Configuration>;

/** Caches what each provider says of itself for an hour, until its settings change; not that it did not answer. */
export function cachedDiscovery(secrets: Secrets, now: () => number = Date.now): Discover {
  const cache = new Map<string, { changed_at: string; until: number; config: Promise<Configuration> }>();
  return (provider) => {
    const cached = cache.get(provider.id);
    if (cached && cached.changed_at === provider.changed_at && cached.until > now()) return cached.config;
    const config = discover(provider, secrets);
    cache.set(provider.id, { changed_at: provider.changed_at, until: now() + lifetimeMs, config });
    config.catch(() => cache.get(provider.id)?.config === config && cache.delete(provider.id));
    return config;
  };
}

async function discover(provider: IdentityProvider, secrets: Secrets): Promise<Configuration> {
  // only needed by a book that has a provider
  const client = await import("openid-client");
  const secret = openSecret(provider, secrets);
  const issuer = new URL(provider.issuer);
  const options = {
    timeout: timeoutSeconds,
    execute: [
      // the signature of ID tokens is checked, although they come over TLS from the provider itself
      client.enableNonRepudiationChecks,
      // whyNotIssuer allows that on this machine only
      ...(issuer.protocol === "http:" ? [client.allowInsecureRequests] : []),
    ],
  };
  const authentication = secret === undefined ? client.None() : authenticate(client, secret);
  return client.discovery(issuer, provider.client_id, undefined, authentication, options);
}

/** By HTTP Basic, unless the provider says that it takes the secret only in the body (RFC 8414: Basic is the default). */
function authenticate(client: typeof import("openid-client"), secret: string): ClientAuth {
  const [basic, post] = [client.ClientSecretBasic(secret), client.ClientSecretPost(secret)];
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported;
    return methods && !methods.includes("client_secret_basic") ? post(server, ...rest) : basic(server, ...rest);
  };
}

function openSecret({ id, name, sealed_secret }: IdentityProvider, secrets: Secrets): string | undefined {
  if (sealed_secret === null) return;
  const secret = secrets.unseal(sealed_secret, secretContext(id));
  if (secret === undefined)
    throw new Refusal(
      409,
      `The client secret for ${name} was stored with another key. An administrator has to enter it again.`,
    );
  return secret;
}
