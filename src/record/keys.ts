import type { Kind } from "../schema.ts";
import { controlCharacters } from "../text.ts";

export const lengthLimits = {
  key: 2000,
  label: 200,
  title: 500,
  digest: 200,
  source: 2000,
  note: 10_000,
  requires: 50,
};

/** The form in which a key is kept and compared: a page's is percent-decoded, both are in Unicode NFC. */
export function normalKey(kind: Kind, key: string): string {
  if (kind === "software") return key.normalize("NFC");
  try {
    return decodeURIComponent(key).normalize("NFC");
  } catch {
    return key; // whyNotKey says what is wrong with it
  }
}

/** Why this cannot be the key of a page or of software. Takes the key as `normalKey` gives it. */
export function whyNotKey(kind: Kind, key: string): string | undefined {
  const shown = key.length > 60 ? `${key.slice(0, 60)}…` : key;
  const name = kind === "page" ? "A page's path" : "A software's name";
  if (!key) return `${name} is missing.`;
  if (key.length > lengthLimits.key)
    return `${name} can have at most ${lengthLimits.key} characters; this one has ${key.length}.`;
  if (controlCharacters.test(key)) return `${name} cannot contain control characters.`;
  if (/\s/u.test(key)) return `${name} has no spaces: "${shown}".`;
  if (kind === "page") return whyNotPath(key, shown);
}

function whyNotPath(key: string, shown: string): string | undefined {
  if (!key.startsWith("/")) return `A page's path begins with a slash: "${shown}" does not.`;
  if (/[?#]/.test(key)) return `A page's path has no query and no fragment: "${shown}".`;
  if (key.split("/").includes("..")) return `A page's path has no "..": "${shown}".`;
  // what still has a percent sign after decoding would be decoded once more the next time it is told
  if (key.includes("%")) return `"${shown}" is not percent-encoded rightly, or has a percent sign in it.`;
}

export function whyNotLabel(label: string): string | undefined {
  if (!label.trim()) return "The version is missing.";
  if (label.length > lengthLimits.label)
    return `A version can have at most ${lengthLimits.label} characters; this one has ${label.length}.`;
  if (controlCharacters.test(label)) return "A version cannot contain control characters.";
  if (label !== label.trim()) return "A version has no spaces around it.";
}

/** The section that a page belongs to by its own path: empty at the top level, where it may still head one. */
export function sectionOf(kind: Kind, key: string): string {
  if (kind === "software") return "";
  const [, first = "", ...rest] = key.split("/");
  return rest.some(Boolean) ? first : "";
}
