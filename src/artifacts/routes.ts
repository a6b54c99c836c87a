import { Hono } from "hono";
import { type ArtifactProps, artifactPage } from "../../views/artifacts/page.ts";
import { notFound } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { readMoment } from "../http/forms.ts";
import { sitePage } from "../http/pages.ts";
import { listApprovers } from "../record/approvers.ts";
import { findArtifact } from "../record/artifacts.ts";
import { listCorrections } from "../record/corrections.ts";
import { currentByEnvironment } from "../record/current.ts";
import { normalKey } from "../record/keys.ts";
import { localInput } from "../time/format.ts";
import { formatMoment } from "../time/parse-moment.ts";
import {
  findVersions,
  firstPlacedAt,
  listPlacements,
  listRetracted,
  listSpans,
  openPromotionsWith,
  type TimeRange,
} from "./queries.ts";
import { layOutTimeline, maxSpans } from "./timeline.ts";

export const artifactRoutes = new Hono<SiteEnv>();

const size = 50;

artifactRoutes.get("/:kind{page|software}", async (c) => {
  const { db, at: now } = c.var;
  const { site, permissions } = c.var.access;
  const kind = c.req.param("kind") as "page" | "software";
  const artifact = await findArtifact(db, site.id, kind, normalKey(kind, c.req.query("key") ?? ""));
  if (!artifact) notFound(kind === "page" ? "page" : "piece of software");
  const before = readBefore(c.req.query("before"));
  const { range, asked, wrong } = readRange(c);
  const history = await listPlacements(db, artifact.id, { ...range, before, limit: size + 1 });
  const placed = history.slice(0, size);
  const last = history.length > size ? placed.at(-1) : undefined;
  const { drawing, zooms, promotions } = await drawn(c, artifact.id, range, asked);
  const versionIds = new Set(placed.map((one) => one.version_id).filter((id) => id !== null));
  const props: ArtifactProps = {
    site,
    now,
    artifact,
    stands: await standsIn(c, artifact.id),
    waiting: await waitingFor(c, artifact.id),
    drawing,
    zooms,
    asked,
    wrong,
    placed,
    next: last && `${last.effective_at}.${last.seq}`,
    continued: before !== undefined,
    approvers: await listApprovers(db, [...promotions, ...placed.map((one) => one.promotion_id)]),
    corrections: await listCorrections(
      db,
      artifact.id,
      placed.map((one) => one.deployment_id),
    ),
    may: { correct: permissions.has("correct") },
    versions: (await findVersions(db, [...versionIds])).sort((a, b) => (a.first_at < b.first_at ? 1 : -1)),
  };
  return sitePage(c, { title: artifact.key }, artifactPage(props), props.wrong ? 422 : 200);
});

async function standsIn(c: SiteContext, id: string): Promise<ArtifactProps["stands"]> {
  const standing = await currentByEnvironment(c.var.db, [id]);
  return c.var.access.site.environments.map((environment) => ({
    environment,
    version: standing.find((one) => one.environment === environment.slug)?.version,
  }));
}

async function waitingFor(c: SiteContext, id: string): Promise<ArtifactProps["waiting"]> {
  const { site } = c.var.access;
  const { open } = await c.var.tallies(c.var.db, site);
  return (await openPromotionsWith(c.var.db, site.id, id)).flatMap(({ number, environment_id, version }) => {
    const environment = site.environments.find((one) => one.id === environment_id);
    const wanted = open.find((one) => one.number === number)?.requirements.filter((one) => one.given < one.needed);
    return environment ? [{ number, environment, version, roles: wanted?.map((one) => one.name) ?? [] }] : [];
  });
}

async function drawn(c: SiteContext, id: string, { from, to = c.var.at }: TimeRange, asked: ArtifactProps["asked"]) {
  const { db, at: now } = c.var;
  const { environments, time_zone: zone } = c.var.access.site;
  const spans = [];
  for (const { id: environmentId } of environments)
    spans.push(await listSpans(db, environmentId, id, { from, to, limit: maxSpans }));
  const first = (await firstPlacedAt(db, id)) ?? now;
  const struck = await listRetracted(db, id, { from, to });
  const wrong = environments.map((place) => struck.filter((one) => one.environment_id === place.id));
  return {
    drawing: layOutTimeline(spans, { from, to, now, zone }, wrong),
    zooms: zoomsOf(first, now, zone, asked),
    promotions: spans.flat().map((one) => one.promotion_id),
  };
}

/** The time that the address asks for, as its fields say it; all of its life where that cannot be read. */
function readRange(c: SiteContext): { range: TimeRange } & Pick<ArtifactProps, "asked" | "wrong"> {
  const { time_zone } = c.var.access.site;
  const asked = { from: c.req.query("from") ?? "", to: c.req.query("to") ?? "" };
  const range: TimeRange = {};
  for (const end of ["from", "to"] as const) {
    const { at, wrong } = readMoment(c, asked[end]);
    if (wrong) return { range: {}, asked, wrong: { [end]: wrong } };
    if (at) range[end] = at;
    if (at) asked[end] = formatMoment(at, time_zone);
  }
  if (range.from && range.from >= (range.to ?? c.var.at))
    return { range: {}, asked, wrong: { from: "The time shown has to begin before it ends." } };
  return { range, asked };
}

const spans: [string, number][] = [
  ["A year", 365],
  ["Three months", 91],
  ["A month", 30],
  ["A week", 7],
];

/** All of it, and the times shorter than that. */
function zoomsOf(first: string, now: string, zone: string, asked: ArtifactProps["asked"]): ArtifactProps["zooms"] {
  const shorter = spans.flatMap(([text, days]) => {
    const start = new Date(Date.parse(now) - days * 86_400_000).toISOString();
    const day = localInput(start, zone).slice(0, 10);
    const current = !asked.to && asked.from === `${day} 00:00`;
    return start > first ? [{ text, from: `${day}T00:00`, current }] : [];
  });
  return [{ text: "All of it", from: undefined, current: !asked.from && !asked.to }, ...shorter];
}

/** `2026-03-03T14:00:00.000Z.42`: when it took effect, and its place among those of that moment. */
function readBefore(text: string | undefined): { effective_at: string; seq: number } | undefined {
  const [, effective_at, seq] = /^(\d{4}-[\d-]{5}T[\d:]{8}\.\d{3}Z)\.(\d{1,15})$/.exec(text ?? "") ?? [];
  return effective_at && seq ? { effective_at, seq: Number(seq) } : undefined;
}
