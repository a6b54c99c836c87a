import { sql } from "kysely";

/** Case does not matter in a to z, which is all that both engines fold; % and _ are just characters. Expects the artifact as `a`. */
export function containsText(text: string) {
  const folded = text.normalize("NFC").replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const pattern = `%${folded.replace(/[\\%_]/g, "\\$&")}%`;
  return sql<boolean>`(lower(a.key) like ${pattern} escape '\\' or lower(coalesce(a.title, '')) like ${pattern} escape '\\')`;
}
