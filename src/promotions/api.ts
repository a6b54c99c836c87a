import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall } from "../api/calls.ts";
import { pageOf } from "../api/cursor.ts";
import {
  beforeApprovalSchema,
  keySchema,
  kindSchema,
  knownKey,
  listOf,
  momentSchema,
  nameThenSchema,
  numberInPath,
  numberInQuery,
  numberPosition,
  numberSchema,
  paging,
  personKindSchema,
  slugSchema,
  textUpTo,
  versionLabel,
} from "../api/schemas.ts";
import { notFound } from "../errors.ts";
import type { SiteEnv } from "../http/context.ts";
import { promotionDetails } from "./assessment.ts";
import { completeWithoutGate } from "./break-glass.ts";
import { tickLine } from "./checklist.ts";
import { canPromote } from "./eligibility.ts";
import { perRequestField, requestFields } from "./fields.ts";
import { cancel, complete, decide, type Outcome, requestPromotion } from "./promotions.ts";
import { listInState, listPromotions, type Promotion } from "./queries.ts";
import { previewRollback, rollBack } from "./rollback.ts";
import { approvedAfterwards } from "./rules.ts";
import { schedulePromotion } from "./schedule.ts";
import { planFields, readPlan, scheduleJson, scheduleSchema } from "./schedule-api.ts";
import { withdrawApproval } from "./withdrawals.ts";

const tags = ["Promotions"];

const inSite = z.object({ site: slugSchema });

const byNumber = z.object({ site: slugSchema, n: numberInPath });

export const promotionApi = new OpenAPIHono<SiteEnv>();

const state = z.enum(["waiting", "approved", "completed", "rejected", "cancelled", "superseded", "expired"]);

const decision = z.enum(["approve", "reject"]);

const digest = z
  .string()
  .openapi({ description: "Binds an approval to the release's contents, the target environment and its gate." });

const blockers = z
  .array(z.object({ code: z.string().openapi({ example: "approvals_missing" }), message: z.string() }))
  .openapi({ description: "Everything that blocks it, all at once." });

const promotion = z.object({
  number: z.int(),
  state,
  release: z.int(),
  name: z.string().openapi({ description: "The release's name." }),
  from: slugSchema.openapi({ example: "demo" }),
  to: slugSchema.openapi({ example: "live" }),
  digest,
  ...perRequestField(() => z.string().nullable()),
  rollback_of: z.int().nullable().openapi({
    description: "The number of the promotion that this one rolls back. Then `from` is the same as `to`.",
  }),
  gate: z.object({ version: z.int() }).nullable().openapi({
    description: "The gate under which it was requested, and which it keeps; null: there was none.",
  }),
  gate_changed: z.boolean().openapi({
    description: "Whether the environment has another gate by now. To apply it, request the promotion again.",
  }),
  asked_by: nameThenSchema,
  asked_by_kind: personKindSchema,
  asked_at: momentSchema,
  schedule: scheduleSchema,
  requirements: z.array(
    z.object({
      role: z.string(),
      needed: z.int(),
      given: z.int(),
      people: z
        .array(z.object({ person: z.string(), kind: personKindSchema }))
        .optional()
        .openapi({
          description: "Who can give the approvals that are missing. Only with a single open promotion.",
        }),
    }),
  ),
  approvals: z.array(
    z.object({
      person: nameThenSchema,
      for: z.string().nullable().openapi({ description: "Who was away, if their substitute decided." }),
      kind: personKindSchema,
      role: z.string(),
      decision,
      comment: z.string().nullable(),
      decided_at: momentSchema,
      reviewed: z.int().nullable().openapi({
        description: "How many of `to_review` pages they had ticked as reviewed; null for a machine.",
      }),
      to_review: z.int().nullable(),
      carried_over: z
        .object({ promotion: z.int(), pages: z.array(keySchema) })
        .nullable()
        .openapi({
          description: "The pages of the same version that they had approved on an earlier promotion already.",
        }),
      pages: z
        .array(z.object({ key: keySchema, comment: z.string() }))
        .openapi({ description: "What a rejection asks to be changed on single pages." }),
      withdrawn_at: momentSchema.nullable().openapi({ description: "Since when it no longer counts." }),
      withdrawal_reason: z.string().nullable(),
    }),
  ),
  checklist: z
    .array(
      z.object({
        line: z.string(),
        ticked_by: z.string().nullable(),
        kind: personKindSchema.nullable(),
        ticked_at: momentSchema.nullable(),
      }),
    )
    .openapi({ description: "What the gate asks to be ticked before completion." }),
  completion: z
    .object({
      person: nameThenSchema,
      kind: personKindSchema,
      completed_at: momentSchema,
      deployment: z.int(),
      effective_at: momentSchema,
      corrected: z.boolean().openapi({ description: "Part of what it recorded was corrected since." }),
      before_approval: beforeApprovalSchema,
      freeze_override: z.string().nullable().openapi({
        description: "Why it was completed although the target was frozen; null: it was not frozen.",
      }),
      rolled_back_by: z.int().nullable().openapi({
        description:
          "The number of the latest completed promotion that put back what this one replaced, or part of it.",
      }),
      forced: z
        .object({
          reason: z.string(),
          passed_over: blockers,
          review: z
            .object({
              person: nameThenSchema,
              kind: personKindSchema,
              comment: z.string().nullable(),
              reviewed_at: momentSchema,
            })
            .nullable()
            .openapi({ description: "null: nobody else has reviewed it yet." }),
        })
        .nullable()
        .openapi({ description: "It was completed without its gate: why, and what blocked it." }),
    })
    .nullable(),
  cancellation: z
    .object({
      person: nameThenSchema,
      kind: personKindSchema,
      cancelled_at: momentSchema,
      reason: z.string(),
      superseded_by: z.int().nullable(),
    })
    .nullable(),
});

const withBlockers = promotion.extend({ blockers }).openapi("PromotionWithBlockers");

const requestCall = postCall("/sites/{site}/promotions", {
  tags,
  operationId: "askForPromotion",
  summary: "Request promotion of a release to an environment",
  params: inSite,
  body: z
    .strictObject({
      release: numberSchema,
      to: slugSchema.openapi({ example: "demo" }),
      ...perRequestField((name) => textUpTo(requestFields[name].maxLength).optional()),
      ...planFields,
    })
    .openapi("NewPromotion"),
  answer: withBlockers,
});

promotionApi.openapi(requestCall, async (c) => {
  const body = c.req.valid("json");
  const request = { ...body, plan: readPlan(c, body) };
  return c.json(
    withBlockersJson(await requestPromotion(c.var.db, tokenActor(c, body), c.var.access.site, request)),
    201,
  );
});

const listCall = getCall("/sites/{site}/promotions", {
  tags,
  operationId: "listPromotions",
  summary: "A site's promotions, newest first",
  description: "Blockers are only given with a single promotion.",
  params: inSite,
  query: z.strictObject({ state: state.optional(), ...paging(numberPosition) }),
  answer: listOf(promotion.openapi("Promotion")),
});

promotionApi.openapi(listCall, async (c) => {
  const { state, limit, cursor } = c.req.valid("query");
  const page = { before: cursor?.number, limit: limit + 1 };
  const { db } = c.var;
  const siteId = c.var.access.site.id;
  const rows = await (state ? listInState(db, siteId, state, page) : listPromotions(db, siteId, page));
  return c.json(
    pageOf(rows, limit, promotionJson, ({ number }) => ({ number })),
    200,
  );
});

const showCall = getCall("/sites/{site}/promotions/{n}", {
  tags,
  operationId: "getPromotion",
  summary: "One promotion, with everything that blocks it",
  params: byNumber,
  answer: withBlockers,
});

promotionApi.openapi(showCall, async (c) => {
  const { n } = c.req.valid("param");
  const found = await promotionDetails(c.var.db, c.var.access.site.id, n, c.var.at);
  return c.json(withBlockersJson(found ?? notFound(`promotion ${n}`)), 200);
});

const decideCall = postCall("/sites/{site}/promotions/{n}/approvals", {
  tags,
  operationId: "decideOnPromotion",
  summary: "Approve or reject a promotion",
  description:
    "A decision is for exactly what was reviewed: 409 if the digest is not the promotion's. A rejection needs a comment, or one on at least one page, and ends the promotion.",
  params: byNumber,
  body: z
    .strictObject({
      decision,
      digest,
      role: z.string().optional().openapi({
        description:
          "Which role to decide in: needed to approve if several of the token's roles have approvals missing.",
        example: "tester",
      }),
      comment: textUpTo(10_000).optional(),
      pages: z
        .array(z.strictObject({ key: knownKey, comment: textUpTo(10_000) }))
        .optional()
        .openapi({ description: "Only of a rejection: what should change on single pages of the release." }),
    })
    .openapi("NewApproval"),
  answer: withBlockers,
});

promotionApi.openapi(decideCall, async (c) => {
  const body = c.req.valid("json");
  const { n } = c.req.valid("param");
  return c.json(withBlockersJson(await decide(c.var.db, tokenActor(c, body), c.var.access.site, n, body)), 201);
});

const withdrawCall = postCall("/sites/{site}/promotions/{n}/withdrawal", {
  tags,
  operationId: "withdrawApproval",
  summary: "Withdraw one's own approval",
  description: "Until the promotion has ended. It then waits again, and the same person may approve it again.",
  params: byNumber,
  body: z.strictObject({ reason: textUpTo(10_000) }).openapi("NewWithdrawal"),
  answer: withBlockers,
});

promotionApi.openapi(withdrawCall, async (c) => {
  const body = c.req.valid("json");
  const { n } = c.req.valid("param");
  const promotion = await withdrawApproval(c.var.db, tokenActor(c, body), c.var.access.site, n, body.reason);
  return c.json(withBlockersJson(promotion), 201);
});

const scheduleCall = postCall("/sites/{site}/promotions/{n}/schedule", {
  tags,
  operationId: "schedulePromotion",
  summary: "Plan when a promotion goes live, change the plan, or withdraw it",
  description:
    "The plan replaces the one before: a field that is missing is not planned. Possible until the promotion has ended, for those who complete it and for administrators.",
  params: byNumber,
  body: z.strictObject(planFields).openapi("NewSchedule"),
  answer: withBlockers,
});

promotionApi.openapi(scheduleCall, async (c) => {
  const body = c.req.valid("json");
  const { n } = c.req.valid("param");
  const plan = readPlan(c, body);
  const promotion = await schedulePromotion(c.var.db, tokenActor(c, body), c.var.access.site, n, plan);
  return c.json(withBlockersJson(promotion), 201);
});

const tickCall = postCall("/sites/{site}/promotions/{n}/checklist", {
  tags,
  operationId: "tickChecklist",
  summary: "Tick a line of the gate's checklist, or take the tick away",
  params: byNumber,
  body: z.strictObject({ line: textUpTo(300), ticked: z.boolean() }).openapi("NewTick"),
  answer: withBlockers,
});

promotionApi.openapi(tickCall, async (c) => {
  const body = c.req.valid("json");
  const { n } = c.req.valid("param");
  return c.json(withBlockersJson(await tickLine(c.var.db, tokenActor(c, body), c.var.access.site, n, body)), 201);
});

const completeCall = postCall("/sites/{site}/promotions/{n}/completion", {
  tags,
  operationId: "completePromotion",
  summary: "Record that a promotion's contents are in the target environment",
  params: byNumber,
  body: z
    .strictObject({
      effective_at: momentSchema.optional().openapi({ description: "Since when; now if missing." }),
      freeze_override: textUpTo(1000).optional().openapi({
        description: "Why it is completed although the target is frozen. Needs a role that may override freezes.",
      }),
    })
    .openapi("NewCompletion"),
  mayBeEmpty: true,
  answer: withBlockers,
});

promotionApi.openapi(completeCall, async (c) => {
  const body = c.req.valid("json");
  const { n } = c.req.valid("param");
  return c.json(withBlockersJson(await complete(c.var.db, tokenActor(c, body), c.var.access.site, n, body)), 201);
});

const cancelCall = postCall("/sites/{site}/promotions/{n}/cancellation", {
  tags,
  operationId: "cancelPromotion",
  summary: "Cancel a promotion",
  params: byNumber,
  body: z.strictObject({ reason: textUpTo(10_000) }).openapi("NewCancellation"),
  answer: withBlockers,
});

promotionApi.openapi(cancelCall, async (c) => {
  const body = c.req.valid("json");
  const { n } = c.req.valid("param");
  return c.json(withBlockersJson(await cancel(c.var.db, tokenActor(c, body), c.var.access.site, n, body.reason)), 201);
});

const breakGlassCall = postCall("/sites/{site}/promotions/{n}/break-glass", {
  tags,
  operationId: "completeWithoutGate",
  summary: "Complete a promotion although its gate is not met",
  description:
    "Needs the permission for it. What blocked it is kept with the reason, it is flagged wherever it shows, and somebody else has to review it. A release that is marked as bad is refused.",
  params: byNumber,
  body: z
    .strictObject({
      reason: textUpTo(10_000),
      effective_at: momentSchema.optional().openapi({ description: "Since when; now if missing." }),
    })
    .openapi("NewForcedCompletion"),
  answer: withBlockers,
});

promotionApi.openapi(breakGlassCall, async (c) => {
  const body = c.req.valid("json");
  const { n } = c.req.valid("param");
  const actor = tokenActor(c, body);
  return c.json(withBlockersJson(await completeWithoutGate(c.var.db, actor, c.var.access.site, n, body)), 201);
});

const rollbackCall = postCall("/sites/{site}/promotions/{n}/rollback", {
  tags,
  operationId: "rollBackPromotion",
  summary: "Request the promotion that puts back what a completed one replaced",
  description:
    "The rollback is a promotion of its own, with a release made for it: it needs the approvals that the gate asks of rollbacks, and has to be completed. A page or software item that the promotion added is removed again. 409 if nothing is left to restore.",
  params: byNumber,
  body: z
    .strictObject({
      reason: textUpTo(10_000),
      contents: z
        .array(
          z.strictObject({
            kind: kindSchema,
            key: knownKey,
            version: versionLabel.optional().openapi({
              description: "What you expect to be restored, null for a removal; refused if it is something else.",
            }),
          }),
        )
        .optional()
        .openapi({ description: "What to put back; all that can be if missing." }),
    })
    .openapi("NewRollback"),
  answer: withBlockers,
});

promotionApi.openapi(rollbackCall, async (c) => {
  const body = c.req.valid("json");
  const { n } = c.req.valid("param");
  return c.json(withBlockersJson(await rollBack(c.var.db, tokenActor(c, body), c.var.access.site, n, body)), 201);
});

const previewCall = getCall("/sites/{site}/promotions/{n}/rollback", {
  tags,
  operationId: "previewRollback",
  summary: "What a rollback of a promotion would put back now",
  params: byNumber,
  answer: z
    .object({
      allowed: z.boolean(),
      message: z.string().nullable().openapi({ description: "Why no rollback can be requested." }),
      contents: z.array(
        z.object({
          kind: kindSchema,
          key: keySchema,
          current: versionLabel,
          restored: versionLabel,
          included: z.boolean().openapi({
            description: "false: it is already as it was before, or the record of the change was corrected.",
          }),
          changed_since_by: z.array(z.object({ deployment: z.int(), promotion: z.int().nullable() })),
        }),
      ),
    })
    .openapi("RollbackPreview"),
});

promotionApi.openapi(previewCall, async (c) => {
  const { n } = c.req.valid("param");
  const { lines, whyNot } = await previewRollback(c.var.db, tokenActor(c, {}), c.var.access.site, n);
  const contents = lines.map(({ kind, key, current, version, restorable, later }) => ({
    kind,
    key,
    current: current?.version ?? null,
    restored: version,
    included: restorable,
    changed_since_by: later,
  }));
  return c.json({ allowed: !whyNot, message: whyNot ?? null, contents }, 200);
});

const canCall = getCall("/sites/{site}/can-promote", {
  tags,
  operationId: "canPromote",
  summary: "Whether a release could be promoted to an environment now, with everything that blocks it",
  params: inSite,
  query: z.strictObject({ release: numberInQuery, to: slugSchema.openapi({ example: "live" }) }),
  mayConflict: true,
  answer: z.object({ allowed: z.boolean(), blockers }).openapi("CanPromote"),
});

promotionApi.openapi(canCall, async (c) => {
  const request = c.req.valid("query");
  const { allowed, blockers } = await canPromote(c.var.db, tokenActor(c, request), c.var.access.site, request);
  return c.json({ allowed, blockers }, 200);
});

function withBlockersJson(details: Outcome): z.infer<typeof withBlockers> {
  return { ...promotionJson(details), blockers: details.blockers };
}

function promotionJson(row: Promotion): z.infer<typeof promotion> {
  const { number, state, release, name, digest, asked_by, asked_at, completion, cancellation } = row;
  return {
    number,
    state,
    release,
    name,
    from: row.from.slug,
    to: row.environment.slug,
    digest,
    ...perRequestField((name) => row[name]),
    rollback_of: row.rollback_of,
    gate: row.gate && { version: row.gate.version },
    gate_changed: row.gate_changed,
    asked_by,
    asked_by_kind: row.requester_kind,
    asked_at,
    schedule: scheduleJson(row.schedule),
    requirements: row.requirements.map(({ role, needed, given, people }) => ({
      role,
      needed,
      given,
      ...(people && { people: people.map(({ name, kind }) => ({ person: name, kind })) }),
    })),
    approvals: row.approvals.map((approval) => ({
      person: approval.substitute,
      for: approval.for_person ?? null,
      kind: approval.kind,
      role: approval.role,
      decision: approval.decision,
      comment: approval.comment,
      decided_at: approval.decided_at,
      reviewed: approval.reviewed,
      to_review: approval.to_review,
      withdrawn_at: approval.withdrawn_at,
      withdrawal_reason: approval.withdrawal_reason,
      carried_over: approval.carried_over,
      pages: approval.pages.map(({ key, comment }) => ({ key, comment })),
    })),
    checklist: row.checklist.map(({ line, tick }) => ({
      line,
      ticked_by: tick?.person ?? null,
      kind: tick?.kind ?? null,
      ticked_at: tick?.ticked_at ?? null,
    })),
    completion: completion && {
      person: completion.person,
      kind: completion.kind,
      completed_at: completion.completed_at,
      deployment: completion.deployment,
      effective_at: completion.effective_at,
      corrected: completion.corrected,
      before_approval: approvedAfterwards(row) !== undefined,
      freeze_override: completion.freeze_override,
      rolled_back_by: completion.rolled_back_by,
      forced: completion.forced && forcedJson(completion.forced),
    },
    cancellation: cancellation && {
      person: cancellation.person,
      kind: cancellation.kind,
      cancelled_at: cancellation.cancelled_at,
      reason: cancellation.reason,
      superseded_by: cancellation.superseded_by,
    },
  };
}

function forcedJson({ reason, blockers, review }: NonNullable<NonNullable<Promotion["completion"]>["forced"]>) {
  if (!review) return { reason, passed_over: blockers, review };
  const { person, kind, comment, reviewed_at } = review;
  return { reason, passed_over: blockers, review: { person, kind, comment, reviewed_at } };
}
