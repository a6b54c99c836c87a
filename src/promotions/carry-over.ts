import type { Gate } from "../access/gates.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { listContents } from "../record/releases.ts";
import { listPromotions, type Promotion } from "./queries.ts";
import { tickedBy } from "./review-ticks.ts";

/** An approval of the release from which this one was made, as far as it has the same pages. */
interface EarlierApproval {
  /** The number of the earlier promotion. */
  promotion: number;
  person_id: string;
  person: string;
  /** The keys of the pages that have the same version, by their artifact ids. */
  pages: Map<string, string>;
}

type Target = { release_id: string; environment_id: string; gate: Gate | null };

/**
 * What may be carried over to a promotion: approvals that people gave, and did not withdraw, on the newest promotion to the
 * same environment of the release from which its release was made. Empty if the gate says never.
 */
export async function earlierApprovals(db: Database, siteId: string, target: Target): Promise<EarlierApproval[]> {
  const rule = target.gate?.carry_over ?? "never";
  if (rule === "never") return [];
  const { made_from } = await db
    .selectFrom("releases")
    .select("made_from")
    .where("id", "=", target.release_id)
    .executeTakeFirstOrThrow();
  if (!made_from) return [];
  const promotions = await listPromotions(db, siteId, { releases: [made_from], limit: 1000 });
  const earlier = promotions.filter((one) => one.environment_id === target.environment_id);
  const approved = earlier.find((one) => one.approvals.some((approval) => mayCarry(rule, approval)));
  if (!approved) return [];
  const pages = await samePages(db, made_from, target.release_id);
  return approved.approvals
    .filter((approval) => mayCarry(rule, approval))
    .map(({ person_id, person }) => ({ promotion: approved.number, person_id, person, pages }));
}

/** With `release`, all pages that stay the same must have been approved after a review: so all pages that there were. */
function mayCarry(rule: "page" | "release", approval: Promotion["approvals"][number]): boolean {
  const { decision, withdrawn_at, kind, reviewed, to_review } = approval;
  if (decision !== "approve" || withdrawn_at || kind === "machine") return false;
  return rule === "page" || reviewed === to_review;
}

async function samePages(db: Database, before: string, after: string): Promise<Map<string, string>> {
  const versions = new Map((await listContents(db, before)).map((line) => [line.artifact_id, line.version_id]));
  const same = (await listContents(db, after)).filter(
    ({ kind, artifact_id, version_id }) => kind === "page" && versions.get(artifact_id) === version_id,
  );
  return new Map(same.map(({ artifact_id, key }) => [artifact_id, key]));
}

/** Ticks the pages that stay the same as reviewed by those who approved them before, so that only the others need a review. */
export async function carryTicks(
  trx: Database,
  siteId: string,
  target: Target & { id: string; asked_at: string },
  contents: { kind: string; artifact_id: string; change: string }[],
): Promise<void> {
  const changing = contents.filter(({ kind, change }) => kind === "page" && change !== "same");
  const ticks = (await earlierApprovals(trx, siteId, target)).flatMap(({ person_id, pages }) =>
    changing
      .filter(({ artifact_id }) => pages.has(artifact_id))
      .map(({ artifact_id }) => ({ promotion_id: target.id, person_id, artifact_id, looked_at: target.asked_at })),
  );
  await inBatches(ticks, async (batch) => {
    await trx
      .insertInto("looks")
      .values(batch)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
}

/** What a new approval of this person takes over from their earlier one: pages that are still ticked; undefined if nothing. */
export async function carriedOver(
  db: Database,
  siteId: string,
  promotion: Promotion,
  personId: string,
): Promise<{ promotion: number; pages: string[] } | undefined> {
  const earlier = (await earlierApprovals(db, siteId, promotion)).find((one) => one.person_id === personId);
  if (!earlier) return;
  const ticked = await tickedBy(db, promotion.id, personId);
  const pages = [...earlier.pages].filter(([id]) => ticked.has(id)).map(([, key]) => key);
  return pages.length ? { promotion: earlier.promotion, pages } : undefined;
}
