export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined };

/** Text that is canonical JSON already, as a part of a larger value. */
export class CanonicalText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Value = Json | CanonicalText | { [key: string]: Json | CanonicalText | undefined };

/**
 * Canonical JSON by RFC 8785: keys sorted by UTF-16 code units, no white space, numbers and strings as ECMAScript
 * writes them. Members that are undefined are left out, as JSON.stringify does.
 */
export function canonicalJson(value: Value): string {
  if (isSorted(value)) return JSON.stringify(value);
  if (value instanceof CanonicalText) return value.text;
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  let members = "";
  for (const key of Object.keys(value as object).sort()) {
    const member = (value as Exclude<Json, null>)[key as never] as Json | undefined;
    if (member === undefined) continue;
    members += `${members && ","}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

/** Whether the keys are in order at every depth, as in the thousands of lines of an import: JSON.stringify is faster. */
function isSorted(value: Value | undefined): boolean {
  if (value === null || typeof value !== "object") return true;
  if (value instanceof CanonicalText) return false;
  if (Array.isArray(value)) return value.every(isSorted);
  let last = "";
  for (const key of Object.keys(value)) {
    if (key < last || !isSorted(value[key])) return false;
    last = key;
  }
  return true;
}
