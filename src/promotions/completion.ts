import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import { canonicalJson } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { type Blocker, notFound } from "../errors.ts";
import { deploy } from "../record/deploy.ts";
import { parseRfc3339 } from "../time/rfc3339.ts";
import type { PromotionDetails } from "./assessment.ts";
import { appendPromotionEvent, markClosed } from "./open-promotions.ts";

interface Completion {
  /** Since when the contents are in the target, ISO 8601; now if undefined. */
  effective_at?: string | undefined;
  /** If its target is frozen: why it is completed nevertheless, and the freezes that are overridden. */
  override?: { reason: string; freezes: { number: number }[] } | undefined;
  /** If it is completed without its gate: why, and what was passed over. */
  forced?: { reason: string; blockers: Blocker[] } | undefined;
  /** The name of who planned that it is completed by itself. */
  plannedBy?: string | undefined;
}

/** Writes the contents into the target, and the completion with its event. Must be called inside a verb's transaction. */
export async function writeCompletion(
  trx: Database,
  actor: Actor,
  site: Site,
  promotion: PromotionDetails,
  { effective_at, override, forced, plannedBy }: Completion,
): Promise<void> {
  const environment = site.environments.find(({ id }) => id === promotion.environment_id) ?? notFound("environment");
  const deployment = await deploy(trx, actor, site, environment, {
    effectiveAt: parseRfc3339(effective_at ?? actor.at) as string,
    complete: false,
    note: null,
    source: null,
    promotion,
    lines: promotion.contents.map(({ artifact_id, kind, key, version, version_id }) => ({
      artifact_id,
      kind,
      key,
      version,
      version_id,
      promotion_id: promotion.id,
      out_of_band: 0 as const,
    })),
  });
  const row = {
    promotion_id: promotion.id,
    deployment_id: deployment.id,
    person_id: actor.person.id,
    completed_at: actor.at,
    freeze_override: override?.reason ?? null,
  };
  await trx.insertInto("completions").values(row).execute();
  if (forced) {
    const { reason, blockers } = forced;
    const forcedRow = { promotion_id: promotion.id, reason, blockers: canonicalJson(blockers.map(asJson)) };
    await trx.insertInto("forced_completions").values(forcedRow).execute();
  }
  await markClosed(trx, site, promotion, promotion.contents);
  await appendPromotionEvent(trx, actor, site, promotion, "promotion_completed", {
    deployment: deployment.number,
    rollback_of: promotion.rollback_of ?? undefined,
    rollback_in_part: promotion.rollback_in_part || undefined,
    takes_down: promotion.is_take_down || undefined,
    ...row,
    ...(override && { freezes: override.freezes.map((freeze) => freeze.number) }),
    reason: forced?.reason,
    forced: forced?.blockers.map(({ code }) => code).join(", "),
    passed_over: forced?.blockers.map(asJson),
    planned_by: plannedBy,
  });
}

const asJson = ({ code, message }: Blocker) => ({ code, message });
