import { endsOf } from "./expired.ts";
import type { Record } from "./record.ts";

type Problems = Generator<string>;

/** The person as whom Sitebook does what was planned. */
export const sitebookId = "sitebook";

/**
 * Checks by the tables that each promotion that was planned to go live until a moment (ISO 8601 UTC) was completed then, as
 * of its planned moment and only if that was to happen by itself; or else that it is recorded once that somebody has to
 * complete it. One that had ended by then is left alone.
 */
export function* whyNotGoneLive(record: Record, until: string): Problems {
  const planOf = new Map(record.schedules.map((row) => [row.promotion_id, row]));
  const dueOf = Map.groupBy(record.dueMoments, (row) => row.promotion_id);
  const effectiveOf = new Map(record.deployments.map(({ id, effective_at }) => [id, effective_at]));
  const endOf = endsOf(record);
  const expiryOf = new Map(record.cancellations.map(({ promotion_id, expired_at }) => [promotion_id, expired_at]));
  for (const { id, number } of record.promotions) {
    const { go_live_at, by_itself } = planOf.get(id) ?? {};
    const dues = dueOf.get(id) ?? [];
    const completion = record.completions.find((row) => row.promotion_id === id && row.person_id === sitebookId);
    const end = endOf.get(id);
    const name = `Promotion ${number}, planned for ${go_live_at},`;
    if (dues.some((due) => due.due_at !== go_live_at || due.noticed_at < due.due_at || (end && end < due.noticed_at)))
      yield `${name} was due at another moment, or after it had ended at ${end}.`;
    if (completion && (!by_itself || effectiveOf.get(completion.deployment_id) !== go_live_at))
      yield `${name} was completed by Sitebook as of another moment, or not by itself.`;
    if (dues.length + Number(Boolean(completion)) > 1) yield `${name} was done more than once.`;
    const over = expiryOf.get(id) ?? end;
    if (!completion && !dues.length && go_live_at && go_live_at <= until && !(over && over <= until))
      yield `${name} is open, and nobody was told that it is due.`;
  }
}
