import type { Kind } from "../schema.ts";

/** What a deployment told of artifacts and versions that was not known before: part of its event. */
export type NewFacts = {
  artifacts: { id: string; kind: Kind; key: string; title: string | null; section: string }[];
  titles: { kind: Kind; key: string; title: string | null }[];
  /** Pages that turned out to head a section. */
  sections: { key: string; section: string }[];
  versions: NewVersion[];
  /** Versions known before, with the digest or the requirements that were missing. */
  contents: { kind: Kind; key: string; version: string; digest?: string | undefined; requires?: string | undefined }[];
};

export type NewVersion = {
  id: string;
  kind: Kind;
  key: string;
  version: string;
  digest: string | null;
  source: string | null;
  requires: string | null;
  notes: string | null;
};
