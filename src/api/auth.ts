import type { Context, Next } from "hono";
import { type Actor, actorOn } from "../access/actor.ts";
import { findToken } from "../access/tokens.ts";
import { canonicalJson, type Json } from "../database/canonical-json.ts";
import { sha256 } from "../database/ids.ts";
import { Refusal } from "../errors.ts";
import type { SiteEnv } from "../http/context.ts";
import { clientOf } from "../http/session.ts";

/** Requires a valid token. Cookies are ignored, so that no other web site can act for a person who opens it. */
export async function needToken(c: Context<SiteEnv>, next: Next) {
  const [, secret] = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
  if (!secret) throw new Refusal(401, "Send a token with the request, as Authorization: Bearer and the token.");
  // a secret that is longer than any token needs no query
  const token = secret.length <= 200 ? await findToken(c.var.db, secret, c.var.at) : undefined;
  if (!token) throw new Refusal(401, "This token is unknown, expired or revoked. Create a new one.");
  await c.var.watchTokenAddress(c.var.db, token, clientOf(c), c.var.at);
  c.set("person", token.person);
  await next();
}

/** The actor of an API request. With an Idempotency-Key a repeated request is carried out once. */
export function tokenActor(c: Context<SiteEnv>, body: object): Actor {
  return actorOn(c.var.access, c.var.person, c.var.at, repeatableRequest(c, body));
}

/** The request's Idempotency-Key with the fingerprint of its body; undefined if it has none. */
export function repeatableRequest(c: Context<SiteEnv>, body: object): Actor["request"] {
  const key = c.req.header("idempotency-key");
  return key ? { key, fingerprint: sha256(`${c.req.method} ${c.req.path} ${canonicalJson(body as Json)}`) } : undefined;
}
