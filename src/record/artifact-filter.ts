import { sql } from "kysely";

/** Whether the key or title of the artifact `a` contains this text. Ignores the case of a to z only: both engines fold no more than that. */
export function containsText(text: string) {
  const folded = text.normalize("NFC").replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const pattern = `%${folded.replace(/[\\%_]/g, "\\$&")}%`;
  return sql<boolean>`(lower(a.key) like ${pattern} escape '\\' or lower(coalesce(a.title, '')) like ${pattern} escape '\\')`;
}
