import { sql } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import type { Kind } from "../schema.ts";
import { artifactKey, countOf, foldText, joinWithAnd } from "../text.ts";
import { artifactIds } from "./artifacts.ts";

/** A new key that differs from a known one only in case, a closing slash, or compatible characters such as ﬁ and fi. */
export interface SimilarKey {
  kind: Kind;
  key: string;
  known: string;
}

type Keyed = { kind: Kind; key: string };

/** The same for keys that a reader could take for one another. */
const readerForm = (key: string): string => foldText(key).replace(/\/$/, "");

/** Of the indexed text, which is cut: longer keys are not compared. */
const maxLength = 180;

/** Of these new keys, those that are similar to a key of the site, or to an earlier one of them. */
export async function similarKeys(db: Database, siteId: string, newKeys: Keyed[]): Promise<SimilarKey[]> {
  const given = newKeys.map((artifact) => ({ ...artifact, form: readerForm(artifact.key) }));
  const short = given.filter(({ form }) => form.length <= maxLength);
  const news = new Set(newKeys.map(artifactKey));
  const known = new Map<string, string>();
  for (const kind of ["page", "software"] as const) {
    const forms = [...new Set(short.filter((artifact) => artifact.kind === kind).map(({ form }) => form))];
    for (const key of await inBatches(forms, (batch) => keysLike(db, siteId, kind, batch)))
      if (!news.has(artifactKey({ kind, key }))) known.set(`${kind} ${readerForm(key)}`, key);
  }
  return short.flatMap(({ kind, key, form }) => {
    const similar = known.get(`${kind} ${form}`);
    if (similar !== undefined) return [{ kind, key, known: similar }];
    known.set(`${kind} ${form}`, key);
    return [];
  });
}

/** The same for lines that are not recorded yet, of which some name what the site has already. */
export async function similarNewKeys(db: Database, siteId: string, lines: Keyed[]): Promise<SimilarKey[]> {
  const ids = await artifactIds(db, siteId, lines);
  return similarKeys(
    db,
    siteId,
    lines.filter((line) => !ids.has(artifactKey(line))),
  );
}

/** The keys of a site that are folded to one of these forms, with or without a closing slash. */
async function keysLike(db: Database, siteId: string, kind: Kind, forms: string[]): Promise<string[]> {
  // a folded text is the key, a line break, and titles
  const folded = forms.flatMap((form) => [`${form}\n`, `${form}/\n`]);
  // a cross join and expressions, so that both engines seek each of them in the one index, even before they have statistics
  const values = folded.map((start) => sql`(${start}, ${start.replace(/\n$/, "\v")})`);
  const { rows } = await sql<{ key: string }>`
    with given (low, high) as (values ${sql.join(values)})
    select a.key from given cross join artifacts a
    where substr(a.folded, 1, 200) >= given.low and substr(a.folded, 1, 200) < given.high
      and (a.site_id || '') = ${siteId} and (a.kind || '') = ${kind}`.execute(db);
  return rows.map(({ key }) => key);
}

const maxNames = 5;

/** "/Sale is new, and differs from /sale only …"; empty for none. */
export function similarKeysInWords(similar: SimilarKey[]): string {
  const [first] = similar;
  if (!first) return "";
  const how = "only in case, a closing slash or the form of a character";
  if (similar.length === 1) return `${first.key} is new, and differs from ${first.known} ${how}.`;
  const shown = similar.slice(0, maxNames).map(({ key, known }) => `${key} (${known})`);
  const more = similar.length - shown.length;
  const names = joinWithAnd(more ? [...shown, `${more} more`] : shown);
  return `${countOf(similar.length, "new path or name differs", "new paths or names differ")} from known ones ${how}: ${names}.`;
}
