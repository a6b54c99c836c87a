import type { Environment } from "../access/environments.ts";
import { environmentById, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { notFound } from "../errors.ts";
import { findPromotion } from "../promotions/queries.ts";
import { listContents, type ReleaseContent } from "../record/releases.ts";
import { differenceOf } from "./difference.ts";
import { filtersOf } from "./filters.ts";
import { contentOf, type ShownPage } from "./states.ts";

/**
 * What visitors read of a page of a promotion on its target, and on its source: what they will read. A page that is new, or
 * removed, is compared with nothing. Throws a Refusal with 404 if the promotion or the page is unknown.
 */
export async function promotionText(db: Database, site: Site, number: number, key: string) {
  const promotion = (await findPromotion(db, site.id, number)) ?? notFound(`promotion ${number}`);
  const pages = (await listContents(db, promotion.release_id)).filter(({ kind }) => kind === "page");
  const i = pages.findIndex((page) => page.key === key);
  const page = pages[i] ?? notFound("page of this promotion");
  const [from, to] = [environmentById(site, promotion.from_id), environmentById(site, promotion.environment_id)];
  const [source, target] = await Promise.all([seenOn(db, from, page), seenOn(db, to, page)]);
  const filters = await filtersOf(db, site.id, { paths: [key] });
  const after = page.version_id === null ? "" : source?.content;
  const isKnown = after !== undefined && Boolean(source ?? target);
  return {
    promotion,
    page,
    from,
    to,
    source: page.version_id === null ? undefined : source,
    target,
    difference: isKnown ? differenceOf(target?.content ?? "", after, filters(key)) : undefined,
    previous: pages[i - 1]?.key,
    next: pages[i + 1]?.key,
  };
}

/** What the first of its servers that has the page shows, and since when; or else since when it is missing. */
async function seenOn(db: Database, { servers }: Environment, { key }: Pick<ReleaseContent, "key">) {
  let missing: (ShownPage & { server: string }) | undefined;
  for (const { id, name } of servers) {
    const seen = await contentOf(db, id, key);
    if (seen?.content !== undefined) return { ...seen, server: name };
    missing ??= seen && { ...seen, server: name };
  }
  return missing;
}
