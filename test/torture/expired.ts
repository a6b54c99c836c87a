import { gateDefaults } from "../../src/access/gates.ts";
import { addMs } from "../../src/time/add.ts";
import type { Record } from "./record.ts";

type Problems = Generator<string>;

const dayMs = 24 * 3_600_000;

/**
 * Checks by the tables, and not by the jobs, that everything that was due until a moment (ISO 8601 UTC) has expired, and
 * nothing else; and that no job failed. `whyNotWhole` checks that each of them is one event.
 */
export function* whyNotExpired(record: Record, until: string): Problems {
  const rulesOf = new Map(record.gates.map(({ id, rules }) => [id, { ...gateDefaults, ...JSON.parse(rules) }]));
  const cancellationOf = new Map(record.cancellations.map((row) => [row.promotion_id, row]));
  const withdrawalOf = new Map(record.withdrawals.map((row) => [row.approval_id, row]));
  const endOf = endsOf(record);
  for (const { id, number, gate_id, asked_at } of record.promotions) {
    const { promotion_days, approval_days } = rulesOf.get(gate_id ?? "") ?? gateDefaults;
    const end = endOf.get(id);
    const name = `Promotion ${number}`;
    yield* whyNotOnTime(name, dueAt(asked_at, promotion_days), cancellationOf.get(id)?.expired_at ?? null, end, until);
    for (const approval of record.approvals) {
      if (approval.promotion_id !== id || approval.decision === "reject") continue;
      const withdrawal = withdrawalOf.get(approval.id);
      // a promotion that expired before leaves its approvals as they are, however late that was noticed
      const over = withdrawal?.withdrawn_at ?? cancellationOf.get(id)?.expired_at ?? end;
      const due = dueAt(approval.decided_at, approval_days);
      yield* whyNotOnTime(
        `The approval ${approval.comment} of ${name}`,
        due,
        withdrawal?.expired_at ?? null,
        over,
        until,
      );
    }
  }
  for (const { kind, ref, last_error, attempts, done_at, run_at } of record.jobs)
    if (last_error || (!done_at && (attempts > 0 || run_at <= until)))
      yield `The ${kind} of ${ref} is not done after ${attempts} attempts: ${last_error}.`;
}

const dueAt = (since: string, days: number): string | undefined => (days ? addMs(since, days * dayMs) : undefined);

function* whyNotOnTime(
  name: string,
  due: string | undefined,
  expired: string | null,
  end: string | undefined,
  until: string,
): Problems {
  if (expired !== null && (expired !== due || !end || end < expired))
    yield `${name} expired at ${expired}, not ${due}.`;
  if (expired === null && due && due <= until && !(end && end <= until))
    yield `${name} was due at ${due}, and has not expired.`;
}

/** When each promotion ended, by its id. */
export function endsOf({ completions, cancellations, approvals }: Record): Map<string, string> {
  return new Map([
    ...cancellations.map(({ promotion_id, cancelled_at }) => [promotion_id, cancelled_at] as const),
    ...completions.map(({ promotion_id, completed_at }) => [promotion_id, completed_at] as const),
    ...approvals
      .filter(({ decision }) => decision === "reject")
      .map(({ promotion_id, decided_at }) => [promotion_id, decided_at] as const),
  ]);
}
