import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { listPromotions } from "../promotions/queries.ts";
import { listContents } from "../record/releases.ts";
import { type ReportLine, whyNotLine } from "../record/report.ts";
import { type Shown, seenLabel } from "../sightings/rules.ts";
import type { ChangedPage } from "./rules.ts";

/** A line with since when it is so, and the promotion that allows it. */
export interface SeenLine {
  line: ReportLine;
  since: string;
  promotion: number | undefined;
}

/** The lines that record what pages show, in the versions by which that is known. */
export async function seenLines(
  trx: Database,
  site: Site,
  environment: Environment,
  changed: ChangedPage[],
): Promise<SeenLine[]> {
  if (!changed.length) return [];
  const labels = await knownLabels(
    trx,
    site.id,
    changed.flatMap(({ key, shown }) => (shown ? [{ key, digest: shown.digest }] : [])),
  );
  const allowed = await allowedLines(trx, site, environment);
  return changed.map(({ key, shown, since }) => {
    const line = shown
      ? lineOf(key, shown, labels.get(`${key} ${shown.digest}`))
      : { kind: "page" as const, key, version: null };
    return { line, since, promotion: allowed.get(`${key} ${line.version}`) };
  });
}

function lineOf(key: string, { digest, title }: Shown, known: string | undefined): ReportLine {
  const version = known ?? seenLabel(digest);
  return withTitle({ kind: "page", key, version, ...(known ? {} : { digest }) }, title);
}

/** A title that could not be stored is left out. */
export function withTitle(line: ReportLine, title: string | null | undefined): ReportLine {
  const titled = { ...line, title: title || undefined };
  return whyNotLine(titled)?.[0] === "title" ? line : titled;
}

/** The versions that showed this content before, on whichever environment, by page and digest; the latest of several. */
async function knownLabels(trx: Database, siteId: string, contents: { key: string; digest: string }[]) {
  const rows = await inBatches(contents, (batch) =>
    trx
      .selectFrom("artifacts as a")
      .innerJoin("versions as v", "v.artifact_id", "a.id")
      .innerJoin("seen_versions as s", "s.version_id", "v.id")
      .select(["a.key", "s.text_digest", "v.label"])
      .where("a.site_id", "=", siteId)
      .where("a.kind", "=", "page")
      .where(
        "a.key",
        "in",
        batch.map(({ key }) => key),
      )
      .where(
        "s.text_digest",
        "in",
        batch.map(({ digest }) => digest),
      )
      .orderBy("s.seen_at")
      .execute(),
  );
  return new Map(rows.map(({ key, text_digest, label }) => [`${key} ${text_digest}`, label]));
}

/** The numbers of the approved promotions to an environment, by the pages and versions that they bring. */
async function allowedLines(trx: Database, site: Site, environment: Environment): Promise<Map<string, number>> {
  const open = await listPromotions(trx, site.id, { open: true, environment: environment.id });
  const allowed = new Map<string, number>();
  for (const { number, release_id, state } of open.reverse())
    if (state === "approved")
      for (const { kind, key, version } of await listContents(trx, release_id))
        if (kind === "page") allowed.set(`${key} ${version}`, number);
  return allowed;
}
