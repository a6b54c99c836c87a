import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { RowCounts } from "../record/count-sections.ts";
import { type BoardFilter, boardAddress, filterScope } from "./filters.ts";

export interface Chip {
  id: string;
  text: string;
  href: string;
  /** How many rows it would show. */
  count: number | undefined;
  current: boolean;
}

/**
 * The ways rows can stand, one at a time, among what text, kind, section and owner leave. `shown` is what the whole
 * filter shows: an address may combine what the chips do not.
 */
export function filterChips(site: Site, filter: BoardFilter, counts: RowCounts, shown: number): Chip[] {
  const among = filterScope(filter);
  const chip = (
    id: string,
    text: string,
    count: number | undefined,
    standing: BoardFilter,
    current: boolean,
  ): Chip => ({
    id: `chip-${id}`,
    text,
    count,
    current,
    href: boardAddress(site, { ...among, ...standing }),
  });
  const pair = ([one, other]: readonly [Environment, Environment], count: number | undefined) =>
    chip(
      `${one.slug}-${other.slug}`,
      `${one.name} and ${other.name} differ`,
      count,
      { differs: [one, other] },
      filter.differs?.[0] === one && filter.differs[1] === other,
    );
  const { differs, waiting, out_of_band, unknown } = filter;
  const standings = [differs, waiting, out_of_band, unknown].filter(Boolean).length;
  const neighbours = site.environments
    .slice(1)
    .map((other, i) => [site.environments[i] as Environment, other] as const);
  const apart = differs && !neighbours.some(([one, other]) => differs[0] === one && differs[1] === other);
  return [
    chip("everything", "Everything", counts.rows, {}, !standings),
    ...neighbours.map((one, i) => pair(one, counts.differing[i])),
    ...(apart ? [pair(differs, standings === 1 ? shown : undefined)] : []),
    ...(neighbours.length ? [chip("waiting", "Waiting", counts.waiting, { waiting: true }, Boolean(waiting))] : []),
    ...(neighbours.length || counts.out_of_band
      ? [chip("band", "Out of band", counts.out_of_band, { out_of_band: true }, Boolean(out_of_band))]
      : []),
    ...(counts.unknown || unknown
      ? [chip("unknown", "Unknown", counts.unknown, { unknown: true }, Boolean(unknown))]
      : []),
  ];
}
