/**
 * The tables, as Kysely sees them. Times are ISO 8601 UTC text with milliseconds, which sorts as time does; flags are
 * 0 or 1; `details`, `rules`, `requires` and `permissions` are JSON text that SQL never looks into.
 */
import type { Generated } from "kysely";

export type Kind = "page" | "software";
export type Tier = "development" | "testing" | "staging" | "production" | "other";
export type Flag = 0 | 1;

export interface Schema {
  sites: {
    id: string;
    slug: string;
    name: string;
    time_zone: string;
    created_at: string;
    /** The numbers last given out on this site, and the head of its chain of events. */
    deployments: Generated<number>;
    releases: Generated<number>;
    promotions: Generated<number>;
    events: Generated<number>;
    head: Generated<string>;
  };
  environments: { id: string; site_id: string; slug: string; name: string; position: number; tier: Tier };
  servers: { id: string; environment_id: string; name: string; base_url: string };
  people: {
    id: string;
    kind: "person" | "machine";
    name: string;
    email: string | null;
    /** An argon2id hash in PHC form, or nothing where nobody has chosen a password yet. */
    password: string | null;
    created_at: string;
  };
  roles: { slug: string; name: string; permissions: string };
  memberships: { site_id: string; person_id: string; role: string; since: string };
  sessions: { hash: string; person_id: string; created_at: string; seen_at: string; expires_at: string };
  links: {
    hash: string;
    purpose: "setup" | "invitation" | "reset";
    person_id: string | null;
    expires_at: string;
    used_at: string | null;
  };
  sign_in_failures: { id: string; email: string; address: string; at: string };
  tokens: {
    id: string;
    site_id: string;
    person_id: string;
    hash: string;
    created_by: string;
    created_at: string;
    expires_at: string | null;
    revoked_at: string | null;
  };
  intents: { person_id: string; key: string; fingerprint: string; answer: string; at: string };
  artifacts: {
    id: string;
    site_id: string;
    kind: Kind;
    key: string;
    title: string | null;
    /** First path segment of a page that has others below it or is itself below; empty at the top level and for software. */
    section: string;
    owner_id: string | null;
  };
  versions: {
    id: string;
    artifact_id: string;
    label: string;
    digest: string | null;
    source: string | null;
    /** JSON: software key → semver range. */
    requires: string | null;
    notes: string | null;
    created_at: string;
    /** The earliest moment at which it is known to have stood anywhere. Derived from placements; orders versions. */
    first_at: string;
  };
  deployments: {
    id: string;
    site_id: string;
    number: number;
    environment_id: string;
    effective_at: string;
    recorded_at: string;
    person_id: string;
    promotion_id: string | null;
    source: string | null;
    note: string | null;
    /** 1: it named everything that stood there; what it did not name was not there. */
    complete: Flag;
    changed: number;
    unchanged: number;
    out_of_band: number;
  };
  placements: {
    seq: Generated<number>;
    deployment_id: string;
    environment_id: string;
    artifact_id: string;
    /** Nothing: removed. */
    version_id: string | null;
    promotion_id: string | null;
    out_of_band: Flag;
    effective_at: string;
    recorded_at: string;
  };
  /** What a deployment said that changed nothing. Should an earlier change come to light, it is the evidence of what stood there again. */
  confirmations: {
    deployment_id: string;
    environment_id: string;
    artifact_id: string;
    version_id: string | null;
    promotion_id: string | null;
    out_of_band: Flag;
    effective_at: string;
    recorded_at: string;
  };
  /** Of one thing that a deployment said, or of the deployment as a whole; each in turn corrects the one before it. */
  corrections: {
    id: string;
    /** The correction of the whole deployment that it is a part of, with the reason. */
    whole_id: string | null;
    /** The deployment that said it, … */
    corrected_id: string;
    /** … of what (nothing: as a whole), and as which placement it stood there, if it did. */
    artifact_id: string | null;
    placement_seq: number | null;
    /** 0: it was recorded wrongly. 1: the correction before was wrong; it stands. */
    stands: Flag;
    correction_id: string | null;
    /** What is right instead. */
    deployment_id: string | null;
    recorded_at: string;
    person_id: string;
    reason: string | null;
  };
  /** Placements that a deployment told later, or a correction, turned into repetitions of what stood there already; they no longer count. */
  repeats: {
    placement_seq: number;
    deployment_id: string;
    recorded_at: string;
    correction_id: Generated<string | null>;
  };
  /** A pointer, kept in the transaction that places; rebuildable. */
  current_placements: {
    environment_id: string;
    artifact_id: string;
    placement_seq: number;
    version_id: string | null;
    out_of_band: Flag;
    effective_at: string;
  };
  releases: {
    id: string;
    site_id: string;
    number: number;
    name: string;
    notes: string | null;
    digest: string;
    /** Where its contents stood when it was made. */
    environment_id: string;
    person_id: string;
    created_at: string;
  };
  release_contents: { release_id: string; artifact_id: string; version_id: string | null };
  /** The highest version is the gate in force; a promotion keeps the one it was asked under. */
  gates: { id: string; environment_id: string; version: number; rules: string; since: string };
  promotions: {
    id: string;
    site_id: string;
    number: number;
    release_id: string;
    from_id: string;
    environment_id: string;
    gate_id: string | null;
    digest: string;
    note: string | null;
    person_id: string;
    asked_at: string;
  };
  /** A pointer to those not yet completed, rejected, cancelled or superseded; rebuildable. */
  open_promotions: { promotion_id: string; site_id: string; environment_id: string };
  approvals: {
    id: string;
    promotion_id: string;
    person_id: string;
    role: string;
    decision: "approve" | "reject";
    digest: string;
    comment: string | null;
    decided_at: string;
  };
  completions: { promotion_id: string; deployment_id: string; person_id: string; completed_at: string };
  cancellations: {
    promotion_id: string;
    person_id: string;
    reason: string;
    superseded_by: string | null;
    cancelled_at: string;
  };
  /** Ticks of an approver: what has been looked at. A convenience, not part of the record. */
  looks: { promotion_id: string; person_id: string; artifact_id: string; looked_at: string };
  events: {
    site_id: string;
    seq: number;
    recorded_at: string;
    person_id: string;
    action: string;
    subject: string;
    subject_id: string | null;
    environment_id: string | null;
    /** Canonical JSON of all that the entry changed. */
    details: string;
    previous_hash: string;
    hash: string;
  };
  /** What signs checkpoints: Ed25519, as PKCS #8 in PEM. */
  keys: { name: string; private_key: string; created_at: string };
  /** Signed statements of how far a site's chain had come: so many events, and this head. */
  checkpoints: { site_id: string; events: number; head: string; note: string; at: string };
  /** How many rows of a section stand in which way: numbers in the order of `SectionTally`, as JSON. Derived; rebuildable. */
  tallies: { site_id: string; kind: Kind; section: string; counts: string };
  /** What is searched, in words as they are looked for; each engine keeps its own index of it. Derived; rebuildable. */
  search_entries: { id: Generated<number>; site_id: string; kind: string; ref: string; words: string };
}
