type Cell = unknown;

/** Without it at the start of a file Excel reads UTF-8 as the letters of the computer's country. */
export const byteOrderMark = "\uFEFF";

/**
 * One record of RFC 4180. A text that a spreadsheet would evaluate as a formula gets an apostrophe before it, as OWASP
 * recommends, and so does one that has such an apostrophe already: what is read again is the same. Numbers are left
 * alone. Lists become "a, b; c, d".
 */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cellOf).join(",")}\r\n`;
}

function cellOf(value: Cell): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = textOf(value);
  const safe = /^'*[=+\-@\t\r＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join("; ");
  if (typeof value === "object" && value !== null) return Object.values(value).join(", ");
  return String(value);
}
