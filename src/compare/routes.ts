import { Hono } from "hono";
import { type Compared, comparePage, comparisonTitle, type SideFields } from "../../views/compare.ts";
import { readBoardFilter, readPosition } from "../board/filters.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { sitePage } from "../http/pages.ts";
import {
  type EnvironmentAtMoment,
  findEnvironmentAtMoment,
  splitReference,
  withKnownAt,
} from "../record/references.ts";
import { formatMoment } from "../time/parse-moment.ts";
import { countDifferences, listDifferences, unknownSides } from "./queries.ts";
import { earlierSide, isPromotion, listedChanges } from "./rules.ts";

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
  const promotes = isPromotion(site, { from, to });
  const changes = listedChanges(promotes);
  const change = changes.find(({ name }) => name === c.req.query("change"));
  const after = readPosition(c.req.query("after")) || undefined;
  const unknown = (await unknownSides(db, { from, to })).map(({ name, first }) => ({
    side: { from, to }[name],
    first,
  }));
  // a comparison with unknown is unknown, not a difference
  const slice = { kind, kinds: change?.kinds, after, limit: pageSize + 1 };
  const lines = unknown.length ? [] : await listDifferences(db, site, { from, to }, slice);
  const shown = lines.slice(0, pageSize);
  const last = lines.length > pageSize ? shown.at(-1) : undefined;
  return {
    from,
    to,
    unknown,
    promotes,
    changes,
    earlier: earlierSide({ from, to }) === "to" ? to : from,
    filter: { kind, change: change?.name },
    continued: after !== undefined,
    counts: await countDifferences(db, site, { from, to }),
    lines: shown,
    next: last && `${last.kind}:${last.section}${last.key}`,
  };
}
