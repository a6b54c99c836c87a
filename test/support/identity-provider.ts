import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import Provider, { type Configuration } from "oidc-provider";

export const clientSecret = "a client secret of the tests, which is never shown";

/** What the provider says of a person, by the login that they enter there. */
export type Accounts = Record<string, Record<string, unknown>>;

/** Of all providers in a worker: to find two large primes takes longer than most tests. */
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** A real OpenID provider on this machine, with its own pages to sign in: any password will do. Closed with its block. */
export async function identityProvider(
  accounts: Accounts,
  {
    baseUrl = "http://sitebook.test",
    slug = "okta",
    more = {},
  }: { baseUrl?: string; slug?: string; more?: Configuration } = {},
) {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = {
    client_id: "sitebook",
    client_secret: clientSecret,
    redirect_uris: [`${baseUrl}/sign-in/${slug}/callback`],
    post_logout_redirect_uris: [`${baseUrl}/sign-in`],
  };
  const provider = withoutAdvice(
    () =>
      new Provider(issuer, {
        clients: [client],
        jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "test", use: "sig" } as never] },
        ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
        cookies: { keys: ["a key of the tests"] },
        scopes: ["openid", "groups"],
        claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
        findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts[id] }) }),
        ...more,
      }),
  );
  const requests: string[] = [];
  const handle = provider.callback();
  const forged: { token?: (token: string) => string } = {};
  server.on("request", (request, response) => {
    requests.push(`${request.method} ${request.url?.split("?")[0]}`);
    if (request.url === "/token" && forged.token) replaceToken(response, forged.token);
    return handle(request, response);
  });
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((done) => server.close(() => done()));
  };
  /** A token of this provider with other claims, and its signature. */
  const signed = (token: string, claims: object): string => {
    const [header = "", payload = ""] = token.split(".");
    const text = `${header}.${encoded({ ...JSON.parse(Buffer.from(payload, "base64url").toString()), ...claims })}`;
    return `${text}.${sign("sha256", Buffer.from(text), privateKey).toString("base64url")}`;
  };
  return { issuer, provider, requests, forged, signed, close, [Symbol.asyncDispose]: close };
}

export const encoded = (content: object): string => Buffer.from(JSON.stringify(content)).toString("base64url");

/** Has the ID token in an answer of the token endpoint replaced. */
function replaceToken(response: ServerResponse, replace: (token: string) => string): void {
  const end = response.end.bind(response) as (body: string) => ServerResponse;
  response.end = ((body: unknown) => {
    const answer = JSON.parse(String(body));
    const text = JSON.stringify({ ...answer, ...(answer.id_token && { id_token: replace(answer.id_token) }) });
    response.setHeader("content-length", Buffer.byteLength(text));
    return end(text);
  }) as ServerResponse["end"];
}

/** It prints how to run it in production. */
function withoutAdvice<T>(work: () => T): T {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return work();
  } finally {
    console.warn = warn;
  }
}

/** A browser at the provider: it opens an address there, signs in, agrees, and returns the address that it is led back to. */
export function atProvider() {
  const jar = new Map<string, string>();
  const send = async (url: string, body?: URLSearchParams): Promise<Response> => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie },
      ...(body && { method: "POST", body }),
    });
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value) jar.set(name, value);
      else jar.delete(name);
    }
    return response;
  };
  return async (address: string, login: string): Promise<string> => {
    const { origin } = new URL(address);
    let response = await send(address);
    for (let step = 0, url = address; step < 12; step++) {
      const location = response.headers.get("location");
      if (location) {
        url = new URL(location, url).href;
        if (new URL(url).origin !== origin) return url;
        response = await send(url);
        continue;
      }
      const page = await response.text();
      const [, action = ""] = /<form[^>]* action="([^"]+)"/.exec(page) ?? [];
      const hidden = [...page.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)].map(
        ([, name = "", value = ""]): [string, string] => [name, value],
      );
      if (!action) throw new Error(`the provider answered ${response.status}: ${page.slice(0, 500)}`);
      url = new URL(action, url).href;
      response = await send(
        url,
        new URLSearchParams([...hidden, ["login", login], ["password", "any"], ["logout", "yes"]]),
      );
    }
    throw new Error("the provider led around in circles");
  };
}
