import { sql } from "kysely";

/**
 * Whether the key, the latest title, or the title of a current version of the artifact `a` contains this text. Ignores the
 * case of a to z only: both engines fold no more than that.
 */
// not "exists", for which PostgreSQL would read all current placements
export function containsText(text: string) {
  return sql<boolean>`(${columnContains("a.key", text)} or ${columnContains("a.title", text)} or (
    select max(case when ${columnContains("cv.title", text)} then 1 else 0 end) from current_placements cp join versions cv on cv.id = cp.version_id
    where cp.artifact_id = a.id) = 1)`;
}

/** Whether a column contains this text, with the case ignored in the same way. */
export function columnContains(column: string, text: string) {
  const folded = text.normalize("NFC").replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const pattern = `%${folded.replace(/[\\%_]/g, "\\$&")}%`;
  return sql<boolean>`lower(coalesce(${sql.ref(column)}, '')) like ${pattern} escape '\\'`;
}
