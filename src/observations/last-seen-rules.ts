import type { PageOutcome } from "../sightings/rules.ts";

/** What a server showed of a page last, beside what is recorded. */
export interface SeenNow {
  outcome: PageOutcome;
  text_digest: string | null;
  /** Null: removed; undefined: nothing is recorded. */
  version: string | null | undefined;
  /** The digest by which the version is known there. */
  here: string | null;
}

/** How what a server shows compares with the record, in a word. What was never seen of the version is not judged. */
export function seenWord({ outcome, text_digest, version, here }: SeenNow): string {
  if (outcome === "unobserved") return "could not be observed";
  if (outcome === "missing") return version ? "missing" : version === null ? "as recorded" : "not there";
  if (version === undefined) return "there, not recorded";
  return version !== null && here === text_digest ? "as recorded" : "there";
}
