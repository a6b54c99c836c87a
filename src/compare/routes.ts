import { Hono } from "hono";
import { type AskedSide, type Compared, comparePage, plainName } from "../../views/compare.ts";
import { readAfter, readFilter } from "../board/filters.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { page } from "../http/pages.ts";
import { firstChange } from "../record/changes.ts";
import { asKnown, findSide, type Side, splitReference } from "../record/references.ts";
import { written } from "../time/parse-moment.ts";
import { type Change, changes, compare, tallyOf } from "./queries.ts";

export const comparisons = new Hono<SiteEnv>();

const size = 200;

comparisons.get("/", async (c) => {
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
  return page(c, { title, here: "compare", past }, comparePage(props), compared ? 200 : 422);
});

/** `?from=live@2026-03-03T14:00Z` or `?from=live~1`, or the two fields of the form: `?from=live&from_at=3 March 14:00`. */
async function readSide(
  c: SiteContext,
  name: "from" | "to",
  otherwise: string,
): Promise<{ asked: AskedSide; side?: Side }> {
  const { site } = c.var.access;
  const [slug, when] = splitReference(c.req.query(name) || otherwise);
  const moment = c.req.query(`${name}_at`)?.trim() || when;
  const knownAt = c.req.query(`${name}_known_at`)?.trim() || c.req.query("known_at")?.trim() || "";
  const found = await findSide(c.var.db, site, slug, moment, c.var.at);
  const read = "wrong" in found ? found : asKnown(found, knownAt, site, c.var.at);
  if ("wrong" in read) return { asked: { slug, moment: moment.replace(/^@/, ""), knownAt, wrong: read.wrong } };
  const asked = {
    slug,
    moment: read.at ? written(read.at, site.time_zone) : "",
    knownAt: read.knownAt ? written(read.knownAt, site.time_zone) : "",
  };
  return { asked, side: read };
}

async function between(c: SiteContext, from: Side, to: Side): Promise<Compared> {
  const { db } = c.var;
  const { site } = c.var.access;
  const { kind } = readFilter(site, { kind: c.req.query("kind") });
  const change = changes.find((one): one is Change => one === c.req.query("change"));
  const after = readAfter(c.req.query("after")) || undefined;
  const lines = await compare(db, site, { from, to }, { kind, change, after, limit: size + 1 });
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
    tallies: await tallyOf(db, site, { from, to }),
    lines: shown,
    next: last && `${last.kind}:${last.section}${last.key}`,
  };
}
