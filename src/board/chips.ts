import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { RowCounts } from "../record/count-sections.ts";
import { type BoardFilter, boardAddress, filterScope } from "./filters.ts";

export interface Chip {
  id: string;
  text: string;
  href: string;
  /** How many rows it would show; undefined if that was not counted. */
  count: number | undefined;
  current: boolean;
}

/**
 * A link for each state that rows can have, within the chosen text, kind, section and owner. `shown` is the number of
 * rows that the whole filter shows, since an address may combine states that the chips do not. `recorded`: for which
 * environments anything is recorded, since nothing differs from what is unknown.
 */
export function filterChips(
  site: Site,
  filter: BoardFilter,
  { counts, shown, recorded }: { counts: RowCounts; shown: number; recorded: boolean[] },
): Chip[] {
  const scope = filterScope(filter);
  const chip = (id: string, text: string, count: number | undefined, state: BoardFilter, current: boolean): Chip => ({
    id: `chip-${id}`,
    text,
    count,
    current,
    href: boardAddress(site, { ...scope, ...state }),
  });
  const pair = ([left, right]: readonly [Environment, Environment], count: number | undefined) =>
    chip(
      `${left.slug}-${right.slug}`,
      `${left.name} and ${right.name} differ`,
      count,
      { differs: [left, right] },
      filter.differs?.[0] === left && filter.differs[1] === right,
    );
  const { differs, waiting, out_of_band, unknown } = filter;
  const states = [differs, waiting, out_of_band, unknown].filter(Boolean).length;
  const neighbours = site.environments
    .slice(1)
    .map((right, i) => [site.environments[i] as Environment, right] as const);
  const distant = differs && !neighbours.some(([left, right]) => differs[0] === left && differs[1] === right);
  return [
    chip("everything", "Everything", counts.rows, {}, !states),
    ...neighbours
      .map((environments, i) => pair(environments, counts.differing[i]))
      .filter(({ current }, i) => current || (recorded[i] && recorded[i + 1])),
    ...(distant ? [pair(differs, states === 1 ? shown : undefined)] : []),
    ...(neighbours.length ? [chip("waiting", "Waiting", counts.waiting, { waiting: true }, Boolean(waiting))] : []),
    ...(neighbours.length || counts.out_of_band
      ? [chip("band", "Out of band", counts.out_of_band, { out_of_band: true }, Boolean(out_of_band))]
      : []),
    ...(counts.unknown || unknown
      ? [chip("unknown", "Unknown", counts.unknown, { unknown: true }, Boolean(unknown))]
      : []),
  ];
}
