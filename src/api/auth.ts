import type { Context, Next } from "hono";
import type { Actor } from "../access/actor.ts";
import { findAccess } from "../access/sites.ts";
import { findToken } from "../access/tokens.ts";
import { canonicalJson, type Json } from "../database/canonical-json.ts";
import { sha256 } from "../database/ids.ts";
import { notFound, Refusal } from "../errors.ts";
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

/** A site on which the token holds no role is not there. */
export async function needTokenAccess(c: Context<SiteEnv>, next: Next) {
  const access = await findAccess(c.var.db, c.var.person.id, c.req.param("site") ?? "");
  c.set("access", access ?? notFound("site"));
  await next();
}

/** Who acts. With an Idempotency-Key the same request may come again and is carried out once. */
export function tokenActor(c: Context<SiteEnv>, body: object): Actor {
  const { roles, permissions } = c.var.access;
  return { person: c.var.person, roles, permissions, at: c.var.at, ...repeatable(c, body) };
}

export function repeatable(c: Context<SiteEnv>, body: object): Pick<Actor, "request"> {
  const key = c.req.header("idempotency-key");
  return key
    ? { request: { key, fingerprint: sha256(`${c.req.method} ${c.req.path} ${canonicalJson(body as Json)}`) } }
    : {};
}
