import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { type FieldError, fieldErrors, refuseFields } from "../errors.ts";
import { currentPlacements } from "../record/current.ts";
import { normalKey } from "../record/keys.ts";
import type { ReleaseContent } from "../record/releases.ts";
import { compareText, formatCount, joinWithAnd, whyNotText } from "../text.ts";
import type { Decision } from "./rules.ts";

/** What a rejection asks to be changed on one page. */
export interface PageRequest {
  key: string;
  comment: string;
}

export interface PageComment extends PageRequest {
  artifact_id: string;
  title: string | null;
  /** What the rejected release has of the page; null if it removes the page. */
  version_id: string | null;
}

const maxLength = 10_000;

/**
 * The pages that a decision names, with their artifacts. Throws a Refusal with 422 if it is an approval, or with every page
 * that is not in the release, is named twice, or has no comment or one that is too long.
 */
export function readPages(
  decision: Decision,
  pages: PageRequest[],
  contents: Pick<ReleaseContent, "artifact_id" | "kind" | "key">[],
): (PageRequest & { artifact_id: string })[] {
  refuseFields(fieldErrors({ pages: whyNotPages(decision, pages) }));
  const ids = new Map(contents.filter(({ kind }) => kind === "page").map((page) => [page.key, page.artifact_id]));
  const read = pages.map((page) => ({ key: normalKey("page", page.key), comment: page.comment.trim() }));
  refuseFields(
    read.flatMap((page, i): FieldError[] => {
      const key = whyNotPage(page.key, ids.has(page.key), read.findIndex(({ key }) => key === page.key) < i);
      const comment = whyNotPageComment(page);
      if (key) return [{ path: `pages.${i}.key`, message: key }];
      return comment ? [{ path: `pages.${i}.comment`, message: comment }] : [];
    }),
  );
  return read.map((page) => ({ ...page, artifact_id: ids.get(page.key) as string }));
}

function whyNotPages(decision: Decision, pages: PageRequest[]): string | undefined {
  if (decision === "reject" || !pages.length) return;
  const keys = joinWithAnd(pages.slice(0, 3).map(({ key }) => key));
  const more = pages.length > 3 ? ` and ${formatCount(pages.length - 3)} more` : "";
  return `You wrote what should change on ${keys}${more}. Reject the promotion to request that, or clear these fields and approve.`;
}

function whyNotPage(key: string, isIncluded: boolean, isRepeated: boolean): string | undefined {
  if (!isIncluded) return `The page ${key.slice(0, 200)} is not in the release.`;
  if (isRepeated) return `${key} is listed twice.`;
}

export function whyNotPageComment({ key, comment }: PageRequest): string | undefined {
  if (!comment.trim()) return `Say what should change on ${key}.`;
  return whyNotText("A comment", comment, maxLength);
}

export async function insertPageComments(
  trx: Database,
  approvalId: string,
  pages: { artifact_id: string; comment: string }[],
): Promise<void> {
  await inBatches(pages, async (batch) => {
    const rows = batch.map(({ artifact_id, comment }) => ({ approval_id: approvalId, artifact_id, comment }));
    await trx.insertInto("page_comments").values(rows).execute();
  });
}

/** What these rejections request for single pages, by the rejection's id; pages by key. */
export async function pageCommentsOf(db: Database, approvalIds: string[]): Promise<Map<string, PageComment[]>> {
  const rows = await inBatches(approvalIds, (batch) =>
    db
      .selectFrom("page_comments as c")
      .innerJoin("approvals as p", "p.id", "c.approval_id")
      .innerJoin("promotions as pr", "pr.id", "p.promotion_id")
      .innerJoin("artifacts as a", "a.id", "c.artifact_id")
      .innerJoin("release_contents as r", (join) =>
        join.onRef("r.release_id", "=", "pr.release_id").onRef("r.artifact_id", "=", "c.artifact_id"),
      )
      .leftJoin("versions as v", "v.id", "r.version_id")
      .select(["c.approval_id", "c.artifact_id", "a.key", "c.comment", "r.version_id"])
      .select((eb) => eb.fn.coalesce("v.title", "a.title").as("title"))
      .where("c.approval_id", "in", batch)
      .execute(),
  );
  const groups = Map.groupBy(
    rows.sort((a, b) => compareText(a.key, b.key)),
    (row) => row.approval_id,
  );
  return new Map([...groups].map(([id, list]) => [id, list.map(({ approval_id: _id, ...page }) => page)]));
}

export interface RequestedChange extends PageComment {
  /** Whether the environment from which the release was made has something else by now. */
  changed: boolean;
}

/** What the rejection of a promotion asks to be changed, each marked whether that page has changed since. */
export async function requestedChanges(
  db: Database,
  { approvals, made_in_id }: { approvals: { pages: PageComment[] }[]; made_in_id: string },
): Promise<RequestedChange[]> {
  const pages = approvals.flatMap((approval) => approval.pages);
  const ids = pages.map((page) => page.artifact_id);
  const now = await currentPlacements(db, made_in_id, ids);
  return pages.map((page) => ({
    ...page,
    changed: (now.get(page.artifact_id)?.version_id ?? null) !== page.version_id,
  }));
}

export interface Rejection {
  number: number;
  comment: string | null;
  changes: RequestedChange[];
}

/** What the rejections among these promotions ask for. */
export async function changesRequestedOf(
  db: Database,
  promotions: {
    number: number;
    made_in_id: string;
    approvals: { decision: Decision; comment: string | null; pages: PageComment[] }[];
  }[],
): Promise<Rejection[]> {
  const list: Rejection[] = [];
  for (const promotion of promotions) {
    const rejection = promotion.approvals.find((approval) => approval.decision === "reject");
    if (rejection)
      list.push({
        number: promotion.number,
        comment: rejection.comment,
        changes: await requestedChanges(db, promotion),
      });
  }
  return list;
}
