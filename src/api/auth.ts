import type { Context, Next } from "hono";
import { type Actor, actorOn } from "../access/actor.ts";
import { findToken } from "../access/tokens.ts";
import { canonicalJson, type Json } from "../database/canonical-json.ts";
import { sha256 } from "../database/ids.ts";
import { Refusal } from "../errors.ts";
import type { SiteEnv } from "../http/context.ts";

/** Lets in who holds a token. Cookies do not count here, so no other site's page can act for whoever looks at it. */
export async function needToken(c: Context<SiteEnv>, next: Next) {
  const [, secret] = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
  if (!secret) throw new Refusal(401, "Send a token with the request, as Authorization: Bearer and the token.");
  // what is longer than any token is not worth a look into the database
  const found = secret.length <= 200 ? await findToken(c.var.db, secret, c.var.at) : undefined;
  if (!found) throw new Refusal(401, "This token is not known, has expired or was revoked.");
  c.set("person", found.person);
  await next();
}

/** Who acts. With an Idempotency-Key the same request may come again and is carried out once. */
export function tokenActor(c: Context<SiteEnv>, body: object): Actor {
  return actorOn(c.var.access, c.var.person, c.var.at, repeatableRequest(c, body));
}

/** The request's Idempotency-Key with the fingerprint of its body; undefined if it has none. */
export function repeatableRequest(c: Context<SiteEnv>, body: object): Actor["request"] {
  const key = c.req.header("idempotency-key");
  return key ? { key, fingerprint: sha256(`${c.req.method} ${c.req.path} ${canonicalJson(body as Json)}`) } : undefined;
}
