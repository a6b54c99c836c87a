import type { Kind } from "../schema.ts";
import { controlCharacters, whyNotVisible } from "../text.ts";

export const lengthLimits = {
  key: 2000,
  label: 200,
  title: 500,
  digest: 200,
  source: 2000,
  note: 10_000,
  requires: 50,
};

/**
 * The form in which keys are stored and compared: in Unicode NFC. A page's path is percent-decoded, except for the
 * characters that would make it another path, or none: `/a%2Fb` is not `/a/b`, nor `/100%25` the path `/100%`.
 */
export function normalKey(kind: Kind, key: string): string {
  if (kind === "software") return key.normalize("NFC");
  try {
    return key.replace(/(?:%[\da-f]{2})+/gi, decodeRun).normalize("NFC");
  } catch {
    return key; // whyNotKey refuses it
  }
}

const decodeRun = (escapes: string): string =>
  decodeURIComponent(escapes).replace(/[\p{Zs}%/?#]/gu, encodeURIComponent);

/** Why this cannot be the key of a page or software item; undefined if it can. Expects the key in its normal form. */
export function whyNotKey(kind: Kind, key: string): string | undefined {
  const excerpt = key.length > 60 ? `${key.slice(0, 60)}…` : key;
  const name = kind === "page" ? "A page's path" : "A software item's name";
  if (!key) return `${name} is missing.`;
  if (key.length > lengthLimits.key)
    return `${name} can have at most ${lengthLimits.key} characters; this one has ${key.length}.`;
  if (controlCharacters.test(key)) return `${name} cannot contain control characters.`;
  const unclear = whyNotVisible(name, key);
  if (unclear) return unclear;
  if (/\s/u.test(key))
    return `${name} cannot contain spaces: "${excerpt}".${kind === "page" ? " Write %20 for a space." : ""}`;
  if (kind === "page") return whyNotPath(key, excerpt);
}

function whyNotPath(key: string, excerpt: string): string | undefined {
  if (!key.startsWith("/")) return `A page's path must begin with a slash: "${excerpt}" does not.`;
  if (/[?#]/.test(key)) return `A page's path cannot contain a query or fragment: "${excerpt}".`;
  if (key.split("/").some((part) => part === ".." || part === "."))
    return `A page's path cannot contain ".." or "." between slashes: "${excerpt}".`;
  if (!isEncodedCorrectly(key))
    return `A page's path must be percent-encoded correctly: "${excerpt}". Write %25 for a percent sign.`;
}

function isEncodedCorrectly(key: string): boolean {
  try {
    return decodeURIComponent(key) !== undefined;
  } catch {
    return false;
  }
}

export function whyNotLabel(label: string): string | undefined {
  if (!label.trim()) return "The version is missing.";
  if (label.length > lengthLimits.label)
    return `A version can have at most ${lengthLimits.label} characters; this one has ${label.length}.`;
  if (controlCharacters.test(label)) return "A version cannot contain control characters.";
  if (label !== label.trim()) return "A version cannot begin or end with spaces.";
  return whyNotVisible("A version", label);
}

/** The section that a page belongs to by its path: "" at the top level, where it may still head a section. */
export function sectionOf(kind: Kind, key: string): string {
  if (kind === "software") return "";
  const [, first = "", ...rest] = key.split("/");
  return rest.some(Boolean) ? first : "";
}

/**
 * A text by which keys sort with numbers as numbers, /page-2 before /page-10, where texts are compared bytewise: each run
 * of digits follows its length. Cut, since it is part of an index; keys that are alike so far sort by themselves.
 */
export const sortKey = (key: string): string => key.replace(/\d+/g, withLength).slice(0, 200).toWellFormed();

function withLength(run: string): string {
  const digits = run.replace(/^0+(?=\d)/, "");
  return `${String(digits.length).padStart(2, "0")}${digits}`;
}
