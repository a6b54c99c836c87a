import { completionName, type Facts, linesText } from "./expected.ts";
import type { Record } from "./record.ts";

/** The facts of the record by their names, comparable to `expectedFacts`. The results of a write are part of its facts. */
export function* recordedFacts(record: Record): Generator<[name: string, Facts]> {
  yield* deployments(record);
  for (const { id, name, person_id, number, digest } of record.releases)
    yield [name, { type: "release", by: person_id, number, digest, lines: linesText(record.contents.get(id) ?? []) }];
  for (const { note, person_id, number, digest, release, environment } of record.promotions)
    yield [String(note), { type: "promotion", by: person_id, number, digest, release, to: environment }];
  yield* outcomes(record);
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

function* outcomes({
  promotions,
  approvals,
  completions,
  cancellations,
  deployments,
}: Record): Generator<[string, Facts]> {
  const numberOf = new Map(promotions.map(({ id, number }) => [id, number]));
  for (const { promotion_id, person_id, comment, decision, digest, role, decided_at } of approvals) {
    const on = numberOf.get(promotion_id);
    yield [String(comment), { type: "decision", by: person_id, on, decision, digest, role, decided_at }];
  }
  for (const { promotion_id, person_id, deployment_id, completed_at } of completions) {
    const on = numberOf.get(promotion_id);
    const deployment = deployments.find(({ id }) => id === deployment_id);
    const result = { deployment: deployment?.number, effective_at: deployment?.effective_at };
    yield [completionName(on, person_id), { type: "completion", by: person_id, on, completed_at, ...result }];
  }
  for (const { promotion_id, person_id, reason, superseded_by, cancelled_at } of cancellations)
    if (superseded_by === null)
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
