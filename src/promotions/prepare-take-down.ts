import type { Actor } from "../access/actor.ts";
import { baseUrlsOf, type Site } from "../access/sites.ts";
import { canonicalJson } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { sha256 } from "../database/ids.ts";
import { type FieldError, fieldErrors, refuseFields } from "../errors.ts";
import { whyNotRedirect } from "../intake/redirects.ts";
import { currentPlacements } from "../record/current.ts";
import { type FrozenLine, freezeRelease, releaseDigest } from "../record/freeze-release.ts";
import { listContents } from "../record/releases.ts";
import type { Promotion } from "./queries.ts";
import type { Plan } from "./schedule-rules.ts";
import { isTakeDownFixed, type TakeDown, whyNobodyIsLed, whyNothingToTakeDown } from "./take-down-rules.ts";

interface Prepared {
  take_down: TakeDown | null;
  take_down_redirect: string | null;
  take_down_release_id: string | null;
  /** What approvals of the promotion are bound to from now on. */
  digest: string;
}

/**
 * Freezes what the take-down of a promotion will do, as a release of its own. What approvals cover, or was completed with
 * it, stays as it is. Must be called inside a verb's transaction. Throws a Refusal with 422 if there is nothing to do.
 */
export async function prepareTakeDown(
  trx: Database,
  actor: Actor,
  site: Site,
  promotion: Promotion,
  { take_down, take_down_at, take_down_redirect }: Plan,
): Promise<Prepared> {
  const { schedule, digest, requested_digest } = promotion;
  const current = {
    take_down: schedule?.take_down ?? null,
    take_down_redirect: schedule?.take_down_redirect ?? null,
    take_down_release_id: schedule?.take_down_release_id ?? null,
    digest,
  };
  if (isTakeDownFixed(promotion)) return current;
  if (!take_down || !take_down_at)
    return { take_down: null, take_down_redirect: null, take_down_release_id: null, digest: requested_digest };
  const lines = (await linesToFreeze(trx, promotion, take_down)).map((line) =>
    isRemovedPage(line) ? { ...line, redirect: take_down_redirect } : line,
  );
  if (!lines.length) refuseFields([{ path: "take_down", message: whyNothingToTakeDown(promotion, take_down) }]);
  if (take_down_redirect) refuseFields(redirectErrors(site, promotion, lines));
  const contents = releaseDigest(lines);
  const bound = sha256(canonicalJson({ promotion: requested_digest, take_down: contents }));
  if (current.take_down === take_down && bound === digest) return current;
  const environment = { id: promotion.environment_id, slug: promotion.environment.slug };
  const { id } = await freezeRelease(trx, actor, site, {
    name: `Take-down of ${promotion.name}`.slice(0, 200),
    notes: null,
    environment,
    lines,
    details: { take_down_of: promotion.number },
  });
  return { take_down, take_down_redirect, take_down_release_id: id, digest: bound };
}

/** What is wrong with where the visitors of the removed pages are led. */
function redirectErrors(site: Site, promotion: Promotion, lines: FrozenLine[]): FieldError[] {
  const pages = lines.filter(isRemovedPage);
  const removed = new Set(pages.map(({ key }) => key));
  const baseUrls = baseUrlsOf(site);
  const messages = pages.flatMap((page) => whyNotRedirect(page, { removed, baseUrls }) ?? []);
  return fieldErrors({ take_down_redirect: pages.length ? messages[0] : whyNobodyIsLed(promotion) });
}

const isRemovedPage = ({ kind, version_id }: FrozenLine): boolean => kind === "page" && version_id === null;

/** What the target has now of what the promotion changes there; for a removal, only the pages that it brings. */
async function linesToFreeze(trx: Database, promotion: Promotion, take_down: TakeDown): Promise<FrozenLine[]> {
  const contents = await listContents(trx, promotion.release_id);
  const ids = contents.map((content) => content.artifact_id);
  const inTarget = await currentPlacements(trx, promotion.environment_id, ids);
  const changed = contents.filter(
    (content) => (inTarget.get(content.artifact_id)?.version_id ?? null) !== content.version_id,
  );
  const none = { version_id: null, version: null, digest: null };
  if (take_down === "remove")
    return changed
      .filter(({ kind, version_id }) => kind === "page" && version_id !== null)
      .map(({ artifact_id, kind, key }) => ({ artifact_id, kind, key, ...none }));
  return changed.map(({ artifact_id, kind, key }) => {
    const { version_id, version, digest } = inTarget.get(artifact_id) ?? none;
    return { artifact_id, kind, key, version_id, version, digest };
  });
}
