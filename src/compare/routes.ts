import { Hono } from "hono";
import { type AskedSide, type Compared, comparePage, plainName } from "../../views/compare.ts";
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

const size = 200;

compareRoutes.get("/", async (c) => {
  const { site } = c.var.access;
  const places = site.environments.map((one) => one.slug);
  const from = await readSide(c, "from", places.at(-2) ?? places[0] ?? "");
  const to = await readSide(c, "to", places.at(-1) ?? "");
  const compared = from.side && to.side ? await between(c, from.side, to.side) : undefined;
  const title = compared
    ? `From ${plainName(compared.from, site.time_zone)} to ${plainName(compared.to, site.time_zone)}`
    : "Compare";
  const past = compared !== undefined && [compared.from, compared.to].some((side) => side.at ?? side.knownAt);
  const props = { site, now: c.var.at, asked: { from: from.asked, to: to.asked }, compared };
  return sitePage(c, { title, here: "compare", past }, comparePage(props), compared ? 200 : 422);
});

/** `?from=live@2026-03-03T14:00Z` or `?from=live~1`, or the two fields of the form: `?from=live&from_at=3 March 14:00`. */
async function readSide(
  c: SiteContext,
  name: "from" | "to",
  otherwise: string,
): Promise<{ asked: AskedSide; side?: EnvironmentAtMoment }> {
  const { site } = c.var.access;
  const [slug, when] = splitReference(c.req.query(name) || otherwise);
  const moment = c.req.query(`${name}_at`)?.trim() || when;
  const knownAt = c.req.query(`${name}_known_at`)?.trim() || c.req.query("known_at")?.trim() || "";
  const found = await findEnvironmentAtMoment(c.var.db, site, slug, moment, c.var.at);
  const read = "wrong" in found ? found : withKnownAt(found, knownAt, site, c.var.at);
  if ("wrong" in read) return { asked: { slug, moment: moment.replace(/^@/, ""), knownAt, wrong: read.wrong } };
  const asked = {
    slug,
    moment: read.at ? formatMoment(read.at, site.time_zone) : "",
    knownAt: read.knownAt ? formatMoment(read.knownAt, site.time_zone) : "",
  };
  return { asked, side: read };
}

async function between(c: SiteContext, from: EnvironmentAtMoment, to: EnvironmentAtMoment): Promise<Compared> {
  const { db } = c.var;
  const { site } = c.var.access;
  const { kind } = readBoardFilter(site, { kind: c.req.query("kind") });
  const change = differenceKinds.find((one): one is DifferenceKind => one === c.req.query("change"));
  const after = readPosition(c.req.query("after")) || undefined;
  const lines = await listDifferences(db, site, { from, to }, { kind, change, after, limit: size + 1 });
  const shown = lines.slice(0, size);
  const last = lines.length > size ? shown.at(-1) : undefined;
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
    tallies: await countDifferences(db, site, { from, to }),
    lines: shown,
    next: last && `${last.kind}:${last.section}${last.key}`,
  };
}
