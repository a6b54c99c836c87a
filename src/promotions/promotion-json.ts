import type { z } from "@hono/zod-openapi";
import { documented } from "../api/schemas.ts";
import { approvedAfterwards } from "./completion-rules.ts";
import { perRequestField } from "./fields.ts";
import { promotionSchema, type withBlockersSchema } from "./promotion-schema.ts";
import type { Outcome } from "./promotions.ts";
import type { Promotion } from "./queries.ts";
import { scheduleJson } from "./schedule-json.ts";

export function withBlockersJson(details: Outcome): z.infer<typeof withBlockersSchema> {
  return { ...promotionJson(details), blockers: details.blockers };
}

export function promotionJson(row: Promotion): z.infer<typeof promotionSchema> {
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
    rollback_in_part: row.rollback_in_part === 1,
    gate: row.gate && { version: row.gate.version },
    gate_changed: row.gate_changed,
    asked_by,
    asked_by_kind: row.requester_kind,
    asked_at,
    schedule: scheduleJson(row.schedule),
    requirements: row.requirements.map(({ role, needed, given, people, substitutes = [] }) => ({
      role,
      needed,
      given,
      ...(people && {
        people: [
          ...people.map(({ name, kind }) => ({ person: name, kind, for: null })),
          ...substitutes.map((one) => ({ person: one.name, kind: "person" as const, for: one.for })),
        ],
      }),
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
      identity: approval.identity,
      pages: approval.pages.map(({ key, comment }) => ({ key, comment })),
    })),
    checklist: row.checklist.map(({ line, tick }) => ({
      line,
      ticked_by: tick?.person ?? null,
      kind: tick?.kind ?? null,
      ticked_at: tick?.ticked_at ?? null,
    })),
    completion:
      completion &&
      documented(promotionSchema.shape.completion.unwrap(), {
        ...completion,
        before_approval: approvedAfterwards(row) !== undefined,
        rolled_back_in_part: completion.rolled_back_in_part === 1,
        forced: completion.forced && forcedJson(completion.forced),
      }),
    cancellation: cancellation && documented(promotionSchema.shape.cancellation.unwrap(), cancellation),
  };
}

function forcedJson({ reason, blockers, review }: NonNullable<NonNullable<Promotion["completion"]>["forced"]>) {
  if (!review) return { reason, passed_over: blockers, review };
  const { person, kind, comment, reviewed_at } = review;
  return { reason, passed_over: blockers, review: { person, kind, comment, reviewed_at } };
}
