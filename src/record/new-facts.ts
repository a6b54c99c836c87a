import type { Kind } from "../schema.ts";

/** What a deployment adds to the known artifacts and versions. Part of its event. */
export type NewFacts = {
  artifacts: { id: string; kind: Kind; key: string; title: string | null; section: string }[];
  /** The page's latest title, and the version with which it was recorded. */
  titles: { kind: Kind; key: string; title: string | null; version: string | null }[];
  /** Pages that head a section from now on. */
  sections: { key: string; section: string }[];
  /** New pages whose section has an owner, which they take. */
  owners: { kind: Kind; key: string; owner_id: string }[];
  versions: NewVersion[];
  /** Existing versions, with the digest, requirements or title that were missing. */
  contents: {
    kind: Kind;
    key: string;
    version: string;
    digest?: string | undefined;
    requires?: string | undefined;
    title?: string | undefined;
  }[];
};

export type NewVersion = {
  id: string;
  kind: Kind;
  key: string;
  version: string;
  /** Recorded with it, or else that of the version before it. */
  title: string | null;
  digest: string | null;
  source: string | null;
  requires: string | null;
  notes: string | null;
};
