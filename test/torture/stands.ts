import type { Record } from "./record.ts";
import { completionOf, type Facts, listed } from "./told.ts";

/** What the record has, as facts by their names, in the form of `told`. What came of another write is part of that one. */
export function* standing(record: Record): Generator<[name: string, Facts]> {
  yield* deployments(record);
  for (const { id, name, person_id, number, digest } of record.releases)
    yield [name, { deed: "release", by: person_id, number, digest, lines: listed(record.contents.get(id) ?? []) }];
  for (const { note, person_id, number, digest, release, environment } of record.promotions)
    yield [String(note), { deed: "promotion", by: person_id, number, digest, release, to: environment }];
  yield* endings(record);
  yield* corrections(record);
}

function* deployments({ deployments, promotions, completions, corrections, said }: Record): Generator<[string, Facts]> {
  const brought = new Set([...completions, ...corrections].map((one) => one.deployment_id));
  const numberOf = new Map(promotions.map((one) => [one.id, one.number]));
  for (const one of deployments) {
    if (brought.has(one.id)) continue;
    const { person_id, environment, number, changed, unchanged, out_of_band, complete, effective_at } = one;
    const lines = listed(said.get(one.id) ?? [], complete === 1);
    const promotion = numberOf.get(one.promotion_id ?? "") ?? null;
    const counts = { number, changed, unchanged, out_of_band };
    yield [
      String(one.note),
      { deed: "deployment", by: person_id, to: environment, promotion, complete, effective_at, lines, ...counts },
    ];
  }
}

function* endings({
  promotions,
  approvals,
  completions,
  cancellations,
  deployments,
}: Record): Generator<[string, Facts]> {
  const numberOf = new Map(promotions.map((one) => [one.id, one.number]));
  for (const { promotion_id, person_id, comment, decision, digest, role, decided_at } of approvals) {
    const on = numberOf.get(promotion_id);
    yield [String(comment), { deed: "decision", by: person_id, on, decision, digest, role, decided_at }];
  }
  for (const { promotion_id, person_id, deployment_id, completed_at } of completions) {
    const on = numberOf.get(promotion_id);
    const brought = deployments.find((one) => one.id === deployment_id);
    const deployment = { deployment: brought?.number, effective_at: brought?.effective_at };
    yield [completionOf(on, person_id), { deed: "completion", by: person_id, on, completed_at, ...deployment }];
  }
  for (const { promotion_id, person_id, reason, superseded_by, cancelled_at } of cancellations)
    if (superseded_by === null)
      yield [reason, { deed: "cancellation", by: person_id, on: numberOf.get(promotion_id), cancelled_at }];
}

function* corrections({ corrections, deployments, said, keys }: Record): Generator<[string, Facts]> {
  const deploymentOf = new Map(deployments.map((one) => [one.id, one]));
  for (const root of corrections) {
    if (root.whole_id !== null) continue;
    const parts = corrections.filter((one) => one.whole_id === root.id || one.id === root.id);
    const instead = deploymentOf.get(root.deployment_id ?? "");
    yield [
      String(root.reason),
      {
        deed: "correction",
        by: root.person_id,
        deployment: deploymentOf.get(root.corrected_id)?.number,
        key: root.artifact_id === null ? undefined : keys.get(root.artifact_id),
        stands: root.stands,
        corrected: parts.filter((one) => one.artifact_id).length,
        instead: instead?.number ?? null,
        right: instead && listed(said.get(instead.id) ?? []),
      },
    ];
  }
}
