import { completionName, type Facts, linesText } from "./expected.ts";
import { sitebookId } from "./gone-live.ts";
import type { Record } from "./record.ts";
import { recordedRules } from "./recorded-rules.ts";

/** The facts of the record by their names, comparable to `expectedFacts`. The results of a write are part of its facts. */
export function* recordedFacts(record: Record): Generator<[name: string, Facts]> {
  yield* deployments(record);
  const ofRollbacks = new Set(record.promotions.filter(isRollback).map(({ release_id }) => release_id));
  for (const { id, name, person_id, number, digest } of record.releases)
    if (!ofRollbacks.has(id))
      yield [name, { type: "release", by: person_id, number, digest, lines: linesText(record.contents.get(id) ?? []) }];
  yield* promotions(record);
  yield* outcomes(record);
  yield* recordedRules(record);
  yield* corrections(record);
}

function* deployments({
  deployments,
  promotions,
  completions,
  corrections,
  lines,
}: Record): Generator<[string, Facts]> {
  const resulting = new Set([...completions, ...corrections].map(({ deployment_id }) => deployment_id));
  const numberOf = new Map(promotions.map(({ id, number }) => [id, number]));
  for (const deployment of deployments) {
    if (resulting.has(deployment.id)) continue;
    const { person_id, environment, number, changed, unchanged, out_of_band, complete, effective_at } = deployment;
    const text = linesText(lines.get(deployment.id) ?? [], complete === 1);
    const promotion = numberOf.get(deployment.promotion_id ?? "") ?? null;
    const counts = { number, changed, unchanged, out_of_band };
    yield [
      String(deployment.note),
      { type: "deployment", by: person_id, to: environment, promotion, complete, effective_at, lines: text, ...counts },
    ];
  }
}

const isRollback = ({ rollback_of_id }: Record["promotions"][number]) => rollback_of_id !== null;

function* promotions({ promotions, schedules }: Record): Generator<[string, Facts]> {
  const numberOf = new Map(promotions.map(({ id, number }) => [id, number]));
  for (const promotion of promotions) {
    const { note, person_id, number, digest, release, environment, rollback_of_id } = promotion;
    const go_live_at = schedules.find(({ promotion_id }) => promotion_id === promotion.id)?.go_live_at ?? null;
    const facts = { by: person_id, number, digest, release, to: environment, go_live_at };
    const rollback_of = numberOf.get(rollback_of_id ?? "");
    yield [String(note), { type: isRollback(promotion) ? "rollback" : "promotion", rollback_of, ...facts }];
  }
}

function* outcomes({
  promotions,
  approvals,
  completions,
  forced,
  cancellations,
  deployments,
}: Record): Generator<[string, Facts]> {
  const numberOf = new Map(promotions.map(({ id, number }) => [id, number]));
  for (const { promotion_id, person_id, comment, decision, digest, role, decided_at } of approvals) {
    const on = numberOf.get(promotion_id);
    yield [String(comment), { type: "decision", by: person_id, on, decision, digest, role, decided_at }];
  }
  for (const { promotion_id, person_id, deployment_id, completed_at, freeze_override } of completions) {
    if (person_id === sitebookId) continue;
    const on = numberOf.get(promotion_id);
    const deployment = deployments.find(({ id }) => id === deployment_id);
    const result = { deployment: deployment?.number, effective_at: deployment?.effective_at, freeze_override };
    const reason = forced.find((row) => row.promotion_id === promotion_id)?.reason;
    const type = reason ? "break-glass" : "completion";
    yield [reason ?? completionName(on, person_id), { type, by: person_id, on, completed_at, ...result }];
  }
  for (const { promotion_id, person_id, reason, superseded_by, cancelled_at, expired_at } of cancellations)
    if (superseded_by === null && expired_at === null)
      yield [reason, { type: "cancellation", by: person_id, on: numberOf.get(promotion_id), cancelled_at }];
}

function* corrections({ corrections, deployments, lines, keys }: Record): Generator<[string, Facts]> {
  const deploymentOf = new Map(deployments.map((deployment) => [deployment.id, deployment]));
  for (const root of corrections) {
    if (root.whole_id !== null) continue;
    const parts = corrections.filter(({ id, whole_id }) => whole_id === root.id || id === root.id);
    const instead = deploymentOf.get(root.deployment_id ?? "");
    yield [
      String(root.reason),
      {
        type: "correction",
        by: root.person_id,
        deployment: deploymentOf.get(root.corrected_id)?.number,
        key: root.artifact_id === null ? undefined : keys.get(root.artifact_id),
        stands: root.stands,
        corrected: parts.filter(({ artifact_id }) => artifact_id).length,
        instead: instead?.number ?? null,
        right: instead && linesText(lines.get(instead.id) ?? []),
      },
    ];
  }
}
