import { Hono } from "hono";
import { accountAddress } from "../../views/people/account.ts";
import { ownSecurityPage } from "../../views/people/security.ts";
import { recordSecurityEvent, securityEventDays } from "../access/security-events.ts";
import { closeSessionOf } from "../access/sessions.ts";
import type { PersonEnv } from "../http/context.ts";
import { flash, personPage, siteOfReader } from "../http/pages.ts";
import { clientOf, needPerson } from "../http/session.ts";
import { securityPage } from "./security-page.ts";
import { listSecurityEventsOf } from "./security-queries.ts";

/** A person's own security events, and the end of one of their sessions. */
export const securityRoutes = new Hono<PersonEnv>();

securityRoutes.use("/account/*", needPerson);

securityRoutes.get("/account/security", async (c) => {
  const { person, db, at } = c.var;
  const from = c.req.query("site");
  const page = await securityPage(c.req.query("before"), accountAddress(from, "/security"), (range) =>
    listSecurityEventsOf(db, person.id, range),
  );
  const zone = (await siteOfReader(c))?.site.time_zone ?? "UTC";
  const content = ownSecurityPage({ ...page, from, zone, now: at, keptDays: securityEventDays });
  return personPage(c, "Security events", content);
});

securityRoutes.post("/account/sessions/:hash{[0-9a-f]{64}}/end", async (c) => {
  const { person, db, at } = c.var;
  if (await closeSessionOf(db, person.id, c.req.param("hash")))
    await recordSecurityEvent(db, at, clientOf(c), { kind: "session_ended", personId: person.id });
  flash(c, "That browser is signed out.");
  return c.redirect(accountAddress(c.req.query("site")), 303);
});
