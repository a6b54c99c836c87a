import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findAnyEnvironment, findEnvironment } from "../access/sites.ts";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall } from "../api/calls.ts";
import { pageBy } from "../api/cursor.ts";
import { actWithReason, reasonCall } from "../api/reason-calls.ts";
import {
  documented,
  environmentSlug,
  listOf,
  momentSchema,
  momentText,
  nameThenSchema,
  numberPosition,
  paging,
  slugSchema,
  textUpTo,
} from "../api/schemas.ts";
import { refuseFields } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { readPlannedMoment } from "../http/forms.ts";
import { endFreeze, setFreeze } from "./freezes.ts";
import { type Freeze, listFreezes } from "./queries.ts";
import { nextWindow, stateOf, windowAt } from "./rules.ts";

const tags = ["Freezes"];

export const freezeApi = new OpenAPIHono<SiteEnv>();

const freeze = z
  .object({
    number: z.int(),
    environment: environmentSlug,
    state: z.enum(["active", "planned", "over", "ended"]).openapi({
      description: "`active`: it covers this moment. `over`: its last window has passed. `ended`: somebody ended it.",
    }),
    from: momentSchema,
    until: momentSchema.nullable().openapi({ description: "Of its first window; null: until somebody ends it." }),
    reason: z.string(),
    recurrence: z.string().nullable().openapi({ example: "FREQ=WEEKLY;BYDAY=FR;UNTIL=20261231" }),
    time_zone: z.string().openapi({ description: "On whose clock it recurs: the site's when it was set." }),
    window: z
      .object({ from: momentSchema, until: momentSchema.nullable() })
      .nullable()
      .openapi({ description: "The window that covers this moment, or else the next one." }),
    person: nameThenSchema,
    created_at: momentSchema,
    end: z.object({ person: nameThenSchema, reason: z.string(), ended_at: momentSchema }).nullable(),
  })
  .openapi("Freeze");

const listCall = getCall("/sites/{site}/freezes", {
  tags,
  operationId: "listFreezes",
  summary: "A site's freezes, newest first",
  params: z.object({ site: slugSchema }),
  query: z.strictObject({ environment: environmentSlug.optional(), ...paging(numberPosition) }),
  answer: listOf(freeze),
});

freezeApi.openapi(listCall, async (c) => {
  const { environment, limit, cursor } = c.req.valid("query");
  const { site } = c.var.access;
  const rows = await listFreezes(c.var.db, site.id, {
    environment: environment && findAnyEnvironment(site, environment).id,
    before: cursor?.number,
    limit: limit + 1,
  });
  const json = (row: Freeze) => freezeJson(row, c.var.at);
  return c.json(pageBy(rows, limit, json, "number"), 200);
});

const setCall = postCall("/sites/{site}/freezes", {
  needs: "freeze",
  tags,
  operationId: "setFreeze",
  summary: "Freeze an environment: no promotion to it is completed meanwhile",
  description:
    "Needs a role that may freeze environments. Without `from` it starts now, and without `until` it lasts until somebody ends it. With a recurrence, `from` and `until` are its first window.",
  params: z.object({ site: slugSchema }),
  body: z
    .strictObject({
      environment: environmentSlug,
      from: momentText.optional(),
      until: momentText.optional().openapi({ description: "A day that is named as the end is included." }),
      reason: textUpTo(1000),
      recurrence: textUpTo(500).optional().openapi({
        description:
          "An RFC 5545 recurrence rule on the site's clock, once a day at most, with UNTIL or COUNT, and with fewer than 10,000 windows. It must include `from`, and has no parts for the time of day.",
        example: "FREQ=WEEKLY;BYDAY=FR;UNTIL=20261231",
      }),
    })
    .openapi("NewFreeze"),
  answer: freeze,
});

freezeApi.openapi(setCall, async (c) => {
  const body = c.req.valid("json");
  const { site } = c.var.access;
  const environment = findEnvironment(site, body.environment);
  const { reason, recurrence } = body;
  const request = { from: planned(c, "from", body.from), until: planned(c, "until", body.until), reason, recurrence };
  const freeze = await setFreeze(c.var.db, tokenActor(c, body), site, environment, request);
  // as of that moment, so that a repeated request gets the same answer
  return c.json(freezeJson(freeze, freeze.created_at), 201);
});

/** Throws a Refusal with 422 if it cannot be read. */
function planned(c: SiteContext, path: "from" | "until", text: string | undefined): string | undefined {
  const { at, wrong } = readPlannedMoment(c, text, path === "from" ? "start" : "end");
  if (wrong) refuseFields([{ path, message: wrong }]);
  return at;
}

const endCall = reasonCall("/sites/{site}/freezes/{n}/end", {
  needs: "freeze",
  tags,
  operationId: "endFreeze",
  summary: "End a freeze, with all its windows to come",
  description: "Needs a role that may freeze environments. 409 if it is over or was ended already.",
  body: "FreezeEnd",
  maxLength: 1000,
  answer: freeze,
});

freezeApi.openapi(endCall, async (c) => {
  const ended = await actWithReason(c, endFreeze);
  return c.json(freezeJson(ended, ended.ended_at ?? c.var.at), 201);
});

function freezeJson(row: Freeze, now: string): z.infer<typeof freeze> {
  const { starts_at, ends_at, ended_at, ended_by, end_reason } = row;
  const window = windowAt(row, now) ?? nextWindow(row, now);
  return documented(freeze, {
    ...row,
    state: stateOf(row, now),
    from: starts_at,
    until: ends_at,
    window: window ? { from: window.starts_at, until: window.ends_at } : null,
    end: ended_at && ended_by && end_reason ? { person: ended_by, reason: end_reason, ended_at } : null,
  });
}
