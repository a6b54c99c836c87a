import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { eventLoopYielder } from "../database/event-loop.ts";
import { newestVisit } from "../sightings/queries.ts";
import { loadContent } from "./contents.ts";
import { filtersOf, masksOf } from "./filters.ts";
import type { Mask } from "./view.ts";
import { readContent } from "./view-text.ts";

/** A page that changed on the last visit to a server. */
interface ChangedPage {
  environment: { slug: string; name: string };
  server: string;
  path: string;
  /** Whether it would not have changed with the mask. */
  isUnchanged: boolean;
  /** Whether the mask would have left out any of it. */
  isMasked: boolean;
}

export interface MaskPreview {
  pages: ChangedPage[];
  /** There are more pages, which were not compared. */
  isCut: boolean;
}

const maxPages = 100;

/** What a mask would have done to the pages that changed on the last visit to each server, by their kept contents. */
export async function previewMask(
  db: Database,
  site: Pick<Site, "id" | "environments">,
  mask: Mask,
): Promise<MaskPreview> {
  const changes = await lastChanges(db, site);
  const masks = await masksOf(db, site.id);
  const paths = changes.map(({ path }) => path);
  const [now, then] = [
    await filtersOf(db, site.id, { paths }),
    await filtersOf(db, site.id, { paths, masks: [...masks, mask] }),
  ];
  const yieldIfDue = eventLoopYielder();
  const pages: ChangedPage[] = [];
  for (const { before, after, ...page } of changes.slice(0, maxPages)) {
    const [one, other] = [await loadContent(db, before), await loadContent(db, after)];
    if (one === undefined || other === undefined) continue;
    const [was, is] = [readContent(one, then(page.path)), readContent(other, then(page.path))];
    const isSame = was.text_digest === is.text_digest && was.structure_digest === is.structure_digest;
    const unmasked = readContent(other, now(page.path));
    const isMasked = unmasked.text_digest !== is.text_digest || unmasked.structure_digest !== is.structure_digest;
    const wasSame = readContent(one, now(page.path)).text_digest === unmasked.text_digest;
    pages.push({ ...page, isUnchanged: isSame && !wasSame, isMasked });
    await yieldIfDue();
  }
  return { pages, isCut: changes.length > maxPages };
}

async function lastChanges(db: Database, { environments }: Pick<Site, "environments">) {
  const changes = [];
  for (const environment of environments)
    for (const server of environment.servers) {
      const visit = await newestVisit(db, server.id).where("ended_at", "is not", null).executeTakeFirst();
      if (!visit || changes.length > maxPages) continue;
      for (const row of await changedSince(db, server.id, visit.started_at))
        changes.push({ environment, server: server.name, ...row });
    }
  return changes;
}

/** The pages that a server showed otherwise from a moment on, with their contents by their digests. */
const changedSince = (db: Database, serverId: string, since: string) =>
  db
    .selectFrom("observations as o")
    .select(["o.path", "o.content as after"])
    .select((eb) =>
      eb
        .selectFrom("observations as b")
        .select("b.content")
        .whereRef("b.server_id", "=", "o.server_id")
        .whereRef("b.path", "=", "o.path")
        .whereRef("b.id", "<", "o.id")
        .where("b.outcome", "=", "shown")
        .orderBy("b.id", "desc")
        .limit(1)
        .as("before"),
    )
    .where("o.server_id", "=", serverId)
    .where("o.seen_at", ">=", since)
    .where("o.outcome", "=", "shown")
    .orderBy("o.seen_at")
    .limit(maxPages + 1)
    .execute();
