import { sql } from "kysely";
import { foldText } from "../text.ts";

/**
 * The text of an artifact that filters search in, as it is stored in its column `folded`. `title` may be all titles that
 * its versions have.
 */
export const foldedText = ({ key, title }: { key: string; title?: string | null | undefined }): string =>
  foldText(`${key}\n${title ?? ""}`);

/**
 * Whether the key or a title of one of its versions has this text, in any case of any script; % and _ are just characters.
 * Expects the artifact as `a`.
 */
export function containsText(text: string) {
  const pattern = `%${foldText(text).replace(/[\\%_]/g, "\\$&")}%`;
  return sql<boolean>`a.folded like ${pattern} escape '\\'`;
}
