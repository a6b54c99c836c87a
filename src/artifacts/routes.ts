import { Hono } from "hono";
import { type ArtifactProps, artifactPage } from "../../views/artifacts/page.ts";
import { artifactPath } from "../../views/parts/artifact.ts";
import { whyNotMay } from "../access/permissions.ts";
import { inBatches } from "../database/batches.ts";
import { notFound, refuse } from "../errors.ts";
import { findingsAbout } from "../findings/queries.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { formFields, readMoment, readRangeEnd } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { lastSeenOf } from "../observations/last-seen.ts";
import { listApprovers } from "../record/approvers.ts";
import { findArtifact } from "../record/artifacts.ts";
import { listCorrections } from "../record/corrections.ts";
import { currentByEnvironment } from "../record/current.ts";
import { normalKey } from "../record/keys.ts";
import { countOf } from "../text.ts";
import { localInput } from "../time/format.ts";
import { formatMoment, formatRangeEnd } from "../time/parse-moment.ts";
import { listOwners, listPossibleOwners, type OwnedScope, setOwner } from "./owners.ts";
import {
  findDrawn,
  findVersions,
  firstPlacedAt,
  listChanges,
  listPlacements,
  listRetracted,
  openPromotionsWith,
  type TimeRange,
} from "./queries.ts";
import { layOutTimeline, maxSpans, namedSeqs } from "./timeline.ts";

export const artifactRoutes = new Hono<SiteEnv>();

const pageSize = 50;

artifactRoutes.get("/:kind{page|software}", async (c) => {
  const { db, at: now } = c.var;
  const { site, may } = c.var.access;
  const kind = c.req.param("kind") as "page" | "software";
  const key = normalKey(kind, c.req.query("key") ?? "");
  const artifact = await findArtifact(db, site.id, kind, key);
  if (!artifact) notFound(key ? `${kind} ${key}` : kind);
  const before = readBefore(c.req.query("before"));
  const { range, requested, errors } = readRange(c);
  const rows = await listPlacements(db, artifact.id, { ...range, before, limit: pageSize + 1 });
  const placements = rows.slice(0, pageSize);
  const last = rows.length > pageSize ? placements.at(-1) : undefined;
  const { environments, timeline, zooms, drawn } = await loadTimeline(c, artifact.id, range, requested);
  const findings = await findingsAbout(db, site.id, artifact.key);
  const versionIds = new Set(placements.map((placement) => placement.version_id).filter((id) => id !== null));
  const props: ArtifactProps = {
    site,
    now,
    artifact,
    current: await currentVersions(c, artifact.id),
    waiting: await waitingPromotions(c, artifact.id),
    environments,
    timeline,
    drawn: new Map(drawn.map((placement) => [placement.seq, placement])),
    zooms,
    requested,
    errors,
    placements,
    next: last && `${last.effective_at}.${last.seq}`,
    isContinued: before !== undefined,
    approvers: await listApprovers(db, [...drawn, ...placements]),
    corrections: await listCorrections(
      db,
      artifact.id,
      placements.map((placement) => placement.deployment_id),
    ),
    findings,
    lastSeen: kind === "page" ? await lastSeenOf(db, site, artifact, findings) : [],
    may,
    owners: await listOwners(db, site.id, artifact.id),
    people: may.assign ? (await listPossibleOwners(db, site.id)).map(({ id, shown }) => ({ id, name: shown })) : [],
    versions: (await findVersions(db, [...versionIds])).sort((a, b) => (a.first_at < b.first_at ? 1 : -1)),
  };
  return sitePage(c, { title: artifact.key }, artifactPage(props), errors ? 422 : 200);
});

artifactRoutes.post("/:kind{page|software}/owner", async (c) => {
  const { site } = c.var.access;
  const kind = c.req.param("kind") as "page" | "software";
  refuse(whyNotMay(c.var.access, "assign"), 403);
  const form = await formFields(c, "key", "owner", "whole");
  const artifact = await findArtifact(c.var.db, site.id, kind, normalKey(kind, form.key));
  if (!artifact) notFound(kind);
  const whole = kind === "page" && form.whole;
  const of = whole ? { section: artifact.section } : { kind, key: artifact.key };
  const result = await setOwner(c.var.db, sessionActor(c), site, { of, owner: form.owner || null });
  flash(
    c,
    result.recorded ? `${result.owner ?? "Nobody"} owns ${ownedPhrase(of, result.changed)}` : "Nothing changed.",
  );
  return c.redirect(artifactPath(site.slug, artifact), 303);
});

function ownedPhrase(of: OwnedScope, changed: number): string {
  if (!("section" in of)) return `${of.key} now.`;
  const where = of.section ? `in /${of.section}` : "at the top level";
  return `the pages ${where} now, also those recorded later. ${countOf(changed, "page")} changed.`;
}

async function currentVersions(c: SiteContext, id: string): Promise<ArtifactProps["current"]> {
  const current = await currentByEnvironment(c.var.db, [id]);
  return c.var.access.site.environments.map((environment) => ({
    environment,
    version: current.find((placement) => placement.environment === environment.slug)?.version,
  }));
}

async function waitingPromotions(c: SiteContext, id: string): Promise<ArtifactProps["waiting"]> {
  const { site } = c.var.access;
  const { open, blockers } = await c.var.siteSummary(c.var.db, site);
  return (await openPromotionsWith(c.var.db, site.id, id)).flatMap(({ id, number, environment_id, version }) => {
    const environment = site.environments.find(({ id }) => id === environment_id);
    const requirements = open.find((promotion) => promotion.number === number)?.requirements ?? [];
    const roles = requirements.filter(({ given, needed }) => given < needed).map(({ name }) => name);
    return environment ? [{ number, environment, version, roles, blocked: blockers.has(id) }] : [];
  });
}

async function loadTimeline(
  c: SiteContext,
  id: string,
  { from, to = c.var.at }: TimeRange,
  requested: ArtifactProps["requested"],
) {
  const { db, at: now } = c.var;
  const { site } = c.var.access;
  const retracted = await listRetracted(db, id, { from, to });
  const lanes = [];
  for (const environment of [...site.environments, ...site.retired]) {
    const spans = await listChanges(db, environment.id, id, { from, to, limit: maxSpans });
    const own = retracted.filter((row) => row.environment_id === environment.id);
    if (!environment.retired_at || spans.length || own.length) lanes.push({ environment, spans, retracted: own });
  }
  const first = (await firstPlacedAt(db, id)) ?? now;
  const timeline = layOutTimeline(
    lanes.map((lane) => lane.spans),
    { from, to, now, zone: site.time_zone },
    lanes.map((lane) => lane.retracted),
    lanes.map(({ environment }) => environment.retired_at),
  );
  return {
    environments: lanes.map(({ environment }) => environment),
    timeline,
    drawn: await inBatches(namedSeqs(timeline), (seqs) => findDrawn(db, seqs)),
    zooms: listZooms(first, now, site.time_zone, requested),
  };
}

/** The period in the address, with the text of its fields; the whole history if it cannot be read. */
function readRange(c: SiteContext): { range: TimeRange } & Pick<ArtifactProps, "requested" | "errors"> {
  const { time_zone } = c.var.access.site;
  const requested = { from: c.req.query("from") ?? "", to: c.req.query("to") ?? "" };
  const range: TimeRange = {};
  for (const end of ["from", "to"] as const) {
    const [read, format] = end === "from" ? [readMoment, formatMoment] : [readRangeEnd, formatRangeEnd];
    const { at, wrong } = read(c, requested[end]);
    if (wrong) return { range: {}, requested, errors: { [end]: wrong } };
    if (at) requested[end] = format(at, time_zone);
    // the end of today has not come yet
    if (at && at < c.var.at) range[end] = at;
  }
  if (range.from && range.from >= (range.to ?? c.var.at))
    return { range: {}, requested, errors: { from: "The start must be before the end." } };
  return { range, requested };
}

const zoomDays: [string, number][] = [
  ["A year", 365],
  ["Three months", 91],
  ["A month", 30],
  ["A week", 7],
];

/** The whole history, and the periods that are shorter. */
function listZooms(
  first: string,
  now: string,
  zone: string,
  requested: ArtifactProps["requested"],
): ArtifactProps["zooms"] {
  const shorter = zoomDays.flatMap(([text, days]) => {
    const start = new Date(Date.parse(now) - days * 86_400_000).toISOString();
    const day = localInput(start, zone).slice(0, 10);
    const current = !requested.to && requested.from === `${day} 00:00`;
    return start > first ? [{ text, from: `${day}T00:00`, current }] : [];
  });
  return [{ text: "All", from: undefined, current: !requested.from && !requested.to }, ...shorter];
}

/** `2026-03-03T14:00:00.000Z.42`: the effective time and the seq of the last placement on the page before. */
function readBefore(text: string | undefined): { effective_at: string; seq: number } | undefined {
  const [, effective_at, seq] = /^(\d{4}-[\d-]{5}T[\d:]{8}\.\d{3}Z)\.(\d{1,15})$/.exec(text ?? "") ?? [];
  return effective_at && seq ? { effective_at, seq: Number(seq) } : undefined;
}
