import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { type FindingCode, findingKinds } from "../record/finding-kinds.ts";
import { openFindings } from "./queries.ts";

/** The first of what visits found about a page or software item in an environment, and how many there are. */
export interface FindingMark {
  id: string;
  path: string;
  word: string;
  count: number;
}

/** What visits found about these rows, by `markKey`. */
export async function findingMarks(
  db: Database,
  site: Pick<Site, "id">,
  rows: { key: string }[],
): Promise<Map<string, FindingMark>> {
  const byPlace = Map.groupBy(await openFindings(db, site, rows), ({ path, environment_id }) =>
    markKey(path, environment_id),
  );
  return new Map(
    [...byPlace].flatMap(([place, [first, ...more]]) => {
      if (!first) return [];
      const { id, path, code } = first;
      return [[place, { id, path, word: findingKinds[code as FindingCode].word, count: more.length + 1 }] as const];
    }),
  );
}

export const markKey = (path: string, environmentId: string): string => `${path} ${environmentId}`;

/** Those in one environment, by key. */
export async function findingMarksOn(
  db: Database,
  site: Pick<Site, "id">,
  { id }: { id: string },
  rows: { key: string }[],
): Promise<Map<string, FindingMark>> {
  const marks = await findingMarks(db, site, rows);
  return new Map(rows.flatMap(({ key }) => marks.get(markKey(key, id)) ?? []).map((mark) => [mark.path, mark]));
}
