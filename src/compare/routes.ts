import { Hono } from "hono";
import { type Compared, comparePage, comparisonTitle, type SideFields } from "../../views/compare.ts";
import { readBoardFilter, readPosition } from "../board/filters.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { sitePage } from "../http/pages.ts";
import { firstChange } from "../record/changes.ts";
import {
  type EnvironmentAtMoment,
  findEnvironmentAtMoment,
  splitReference,
  withKnownAt,
} from "../record/references.ts";
import { formatMoment } from "../time/parse-moment.ts";
import { countDifferences, type DifferenceKind, differenceKinds, listDifferences } from "./queries.ts";

export const compareRoutes = new Hono<SiteEnv>();

const pageSize = 200;

compareRoutes.get("/", async (c) => {
  const { site } = c.var.access;
  const slugs = site.environments.map((environment) => environment.slug);
  const from = await readSide(c, "from", slugs.at(-2) ?? slugs[0] ?? "");
  const to = await readSide(c, "to", slugs.at(-1) ?? "");
  const compared = from.side && to.side ? await compare(c, from.side, to.side) : undefined;
  const title = compared ? comparisonTitle(compared, site) : "Compare";
  const past = compared !== undefined && [compared.from, compared.to].some((side) => side.at ?? side.knownAt);
  const props = { site, now: c.var.at, fields: { from: from.fields, to: to.fields }, compared };
  return sitePage(c, { title, here: "compare", past }, comparePage(props), compared ? 200 : 422);
});

/** Reads `?from=live@2026-03-03T14:00Z` or `?from=live~1`, or the two fields of the form: `?from=live&from_at=3 March 14:00`. */
async function readSide(
  c: SiteContext,
  name: "from" | "to",
  defaultSlug: string,
): Promise<{ fields: SideFields; side?: EnvironmentAtMoment }> {
  const { site } = c.var.access;
  const [slug, when] = splitReference(c.req.query(name) || defaultSlug);
  const moment = c.req.query(`${name}_at`)?.trim() || when;
  const knownAt = c.req.query(`${name}_known_at`)?.trim() || c.req.query("known_at")?.trim() || "";
  const reference = await findEnvironmentAtMoment(c.var.db, site, slug, moment, c.var.at);
  const side = "wrong" in reference ? reference : withKnownAt(reference, knownAt, site, c.var.at);
  if ("wrong" in side) return { fields: { slug, moment: moment.replace(/^@/, ""), knownAt, error: side.wrong } };
  const fields = {
    slug,
    moment: side.at ? formatMoment(side.at, site.time_zone) : "",
    knownAt: side.knownAt ? formatMoment(side.knownAt, site.time_zone) : "",
  };
  return { fields, side };
}

async function compare(c: SiteContext, from: EnvironmentAtMoment, to: EnvironmentAtMoment): Promise<Compared> {
  const { db } = c.var;
  const { site } = c.var.access;
  const { kind } = readBoardFilter(site, { kind: c.req.query("kind") });
  const change = differenceKinds.find((kind): kind is DifferenceKind => kind === c.req.query("change"));
  const after = readPosition(c.req.query("after")) || undefined;
  const lines = await listDifferences(db, site, { from, to }, { kind, change, after, limit: pageSize + 1 });
  const shown = lines.slice(0, pageSize);
  const last = lines.length > pageSize ? shown.at(-1) : undefined;
  const unknown = [];
  for (const side of [from, to]) {
    const first = await firstChange(db, side.environment.id, side.knownAt);
    if (!first || first > side.moment.asOf) unknown.push({ side, first });
  }
  return {
    from,
    to,
    unknown,
    filter: { kind, change },
    continued: after !== undefined,
    counts: await countDifferences(db, site, { from, to }),
    lines: shown,
    next: last && `${last.kind}:${last.section}${last.key}`,
  };
}
