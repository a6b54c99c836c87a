import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { postCall } from "../api/calls.ts";
import { idSchema, slugSchema, textUpTo } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { bounceKinds } from "./bounce-rules.ts";
import { reportBounce } from "./bounces.ts";

export const bounceApi = new OpenAPIHono<SiteEnv>();

const kind = z.enum(bounceKinds).openapi({
  description:
    "`permanent`: the address takes no mail. `complaint`: its person marked the mail as spam. After either, the site sends no more notices there until the person confirms or changes the address, or an administrator clears it. `temporary`: only this mail did not arrive.",
});

const reportCall = postCall("/sites/{site}/bounces", {
  needs: "report_bounces",
  tags: ["Notices"],
  operationId: "reportBounce",
  summary: "Report that a mail came back, or was marked as spam",
  description: `For the webhook of a mail provider, passed on by a few lines of yours with a token whose role may report bounced mails and nothing else. A repeated report changes nothing. 404 if the site sent no such mail to this address.

| | \`message_id\` | \`address\` | \`kind\` | \`reason\` |
|---|---|---|---|---|
| Amazon SES | \`mail.commonHeaders.messageId\`, with the original headers included | \`bounce.bouncedRecipients[].emailAddress\` | \`bounceType\`: Permanent, Transient; or a complaint | \`diagnosticCode\` |
| Mailgun | \`event-data.message.headers.message-id\` | \`event-data.recipient\` | \`severity\`: permanent, temporary; or complained | \`event-data.delivery-status.message\` |
| Postmark | \`MessageID\`, as Sitebook asks it to keep the one of the mail | \`Email\` | \`Type\`: HardBounce, Transient, SpamComplaint | \`Description\` |`,
  params: z.object({ site: slugSchema }),
  body: z
    .strictObject({
      message_id: textUpTo(998).openapi({
        description: "The Message-ID that Sitebook gave the mail, with angle brackets or without.",
        example: "019ca12b-7c00-7000-8000-0123456789ab@sitebook.example.com",
      }),
      address: textUpTo(254),
      kind,
      reason: textUpTo(500).openapi({ example: "550 5.1.1 No such user" }),
    })
    .openapi("BounceReport"),
  answer: z
    .object({ notices: z.array(idSchema).openapi({ description: "Those that were in the mail." }), kind })
    .openapi("Bounce"),
});

bounceApi.openapi(reportCall, async (c) => {
  const body = c.req.valid("json");
  return c.json(await reportBounce(c.var.db, tokenActor(c, body), c.var.access.site, body, c.var.baseUrl), 201);
});
