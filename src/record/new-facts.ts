import type { Kind } from "../schema.ts";

/** What a deployment adds to the known artifacts and versions. Part of its event. */
export type NewFacts = {
  artifacts: { id: string; kind: Kind; key: string; title: string | null; section: string }[];
  titles: { kind: Kind; key: string; title: string | null }[];
  /** Pages that head a section from now on. */
  sections: { key: string; section: string }[];
  versions: NewVersion[];
  /** Existing versions, with the digest or requirements that were missing. */
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
