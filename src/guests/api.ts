import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall } from "../api/calls.ts";
import { idSchema, momentSchema, numberInPath, slugSchema, textUpTo } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { promotionOf } from "../promotions/promotions.ts";
import { inviteGuest, listGuests, revokeGuest } from "./guests.ts";
import { invitationUrl, mailInvitation } from "./invitation-mail.ts";

const tags = ["Guests"];

export const guestApi = new OpenAPIHono<SiteEnv>();

const params = z.object({ site: slugSchema, n: numberInPath });

const invitation = z.object({
  id: idSchema,
  name: z.string(),
  email: z.string(),
  role: slugSchema.openapi({ example: "tester" }),
  expires_at: momentSchema,
});

const guest = invitation
  .extend({
    invited_by: z.string(),
    created_at: momentSchema,
    revoked_at: momentSchema.nullable(),
    decision: z.enum(["approve", "reject"]).nullable(),
    decided_at: momentSchema.nullable(),
  })
  .openapi("Guest");

const listCall = getCall("/sites/{site}/promotions/{n}/guests", {
  tags,
  operationId: "listGuests",
  summary: "The guests of a promotion, in the order in which they were invited",
  params,
  answer: z.object({ items: z.array(guest) }),
});

guestApi.openapi(listCall, async (c) => {
  const promotion = await promotionOf(c.var.db, c.var.access.site, c.req.valid("param").n);
  const rows = await listGuests(c.var.db, promotion.id);
  const items = rows.map(({ role_name: _name, session_expires_at: _session, ...row }) => row);
  return c.json({ items }, 200);
});

const inviteCall = postCall("/sites/{site}/promotions/{n}/guests", {
  needs: "promote",
  tags,
  operationId: "inviteGuest",
  summary: "Invite somebody without an account to decide on one promotion",
  description:
    "In a role that the gate opens to guests, for two weeks. They get the link by mail; `link` is the same, shown once, for the case that the mail cannot be sent. It opens nothing without a code that is sent to their address. A repeated request is refused: they are invited already.",
  params,
  body: z
    .strictObject({ name: textUpTo(200), email: textUpTo(200), role: slugSchema.openapi({ example: "tester" }) })
    .openapi("NewGuest"),
  answer: invitation
    .extend({
      link: z.string(),
      mail_error: z.string().nullable().openapi({ description: "Why the mail could not be sent." }),
    })
    .openapi("InvitedGuest"),
});

guestApi.openapi(inviteCall, async (c) => {
  const body = c.req.valid("json");
  const { db, access, mailer, baseUrl, person } = c.var;
  const actor = tokenActor(c, body);
  const invited = await inviteGuest(db, actor, access.site, c.req.valid("param").n, body, mailer !== undefined);
  const mail_error = (await mailInvitation({ mailer, baseUrl }, access.site, person.name, invited)) ?? null;
  const { promotion: _promotion, ...shown } = invited;
  return c.json({ ...shown, link: invitationUrl(baseUrl, invited), mail_error }, 201);
});

const revokeCall = postCall("/sites/{site}/promotions/{n}/guests/{id}/revocation", {
  needs: "promote",
  tags,
  operationId: "revokeGuest",
  summary: "Withdraw the invitation of a guest",
  description: "Its link opens nothing from then on. What the guest decided stays. Repeating it changes nothing.",
  params: params.extend({ id: idSchema }),
  body: z.strictObject({}).openapi("GuestRevocation"),
  mayBeEmpty: true,
  answer: z.object({ id: idSchema, name: z.string() }).openapi("RevokedGuest"),
});

guestApi.openapi(revokeCall, async (c) => {
  const { n, id } = c.req.valid("param");
  const { name } = await revokeGuest(c.var.db, tokenActor(c, {}), c.var.access.site, n, id);
  return c.json({ id, name }, 201);
});
