/**
 * The tables, as Kysely sees them. Times are ISO 8601 UTC text with milliseconds, which sorts by time; flags are 0 or 1;
 * `details`, `rules`, `requires` and `permissions` are JSON text that no query reads into.
 */
import type { Generated } from "kysely";

export type Kind = "page" | "software";
export type Tier = "development" | "testing" | "staging" | "production" | "other";
export type Flag = 0 | 1;

export type SecurityEventKind =
  | "signed_in"
  | "sign_in_failed"
  | "signed_out"
  | "session_ended"
  | "sessions_ended"
  | "password_set"
  | "password_changed"
  | "link_created"
  | "roles_changed"
  | "token_address"
  | "sign_in_refused"
  | "account_created"
  | "provider_linked"
  | "provider_saved"
  | "provider_removed"
  | "passwords_switched"
  | "address_changed"
  | "role_changed"
  | "account_closed"
  | "two_factor_on"
  | "two_factor_off"
  | "recovery_codes_created"
  | "recovery_code_used"
  | "code_failed"
  | "passkey_added"
  | "passkey_removed"
  | "passkey_refused";

export interface Schema {
  sites: {
    id: string;
    slug: string;
    name: string;
    time_zone: string;
    created_at: string;
    /** The last numbers of this site, and the head of its chain of events. */
    deployments: Generated<number>;
    releases: Generated<number>;
    promotions: Generated<number>;
    freezes: Generated<number>;
    events: Generated<number>;
    head: Generated<string>;
  };
  environments: {
    id: string;
    site_id: string;
    slug: string;
    name: string;
    /** 1 for the first; negative for a retired one. */
    position: number;
    tier: Tier;
    retired_at: string | null;
  };
  servers: { id: string; environment_id: string; name: string; base_url: string };
  people: {
    id: string;
    kind: "person" | "machine";
    name: string;
    email: string | null;
    /** An argon2id hash in PHC form; null until a password is set. */
    password: string | null;
    created_at: string;
  };
  roles: { slug: string; name: string; permissions: string };
  memberships: { site_id: string; person_id: string; role: string; since: string };
  sessions: {
    hash: string;
    person_id: string;
    created_at: string;
    seen_at: string;
    expires_at: string;
    /** Of the client that signed in; empty if unknown. */
    address: Generated<string>;
    user_agent: Generated<string>;
    /** When the person authenticated at an identity provider; null: when the session began. */
    authenticated_at: Generated<string | null>;
    /** JSON for signing out there, sealed with the session's secret; null: they signed in with a password. */
    sealed_provider: Generated<string | null>;
  };
  /** Keys of authenticator apps, encrypted. Codes up to `last_step` are used. `confirmed_at` null: not asked for yet. */
  two_factor: { person_id: string; sealed_secret: string; last_step: number; confirmed_at: string | null };
  recovery_codes: { person_id: string; hash: string };
  /** Sign-ins with the right password that wait for a code. */
  half_sign_ins: { hash: string; person_id: string; how: string | null; expires_at: string };
  /** With which people sign in, by WebAuthn. `transports`: words with spaces between them. */
  passkeys: {
    id: string;
    person_id: string;
    /** Base64url, as the public key. */
    credential_id: string;
    public_key: string;
    /** How often it was used, if its device counts: it only grows, unless it was copied. */
    counter: number;
    transports: string;
    name: string;
    created_at: string;
    used_at: string | null;
  };
  /** What browsers were asked to sign with a passkey: for one who adds it, or, null, for a sign-in. */
  passkey_challenges: {
    hash: string;
    challenge: string;
    person_id: string | null;
    address: string;
    expires_at: string;
  };
  /** Providers of OpenID Connect with which people sign in, on all sites. */
  identity_providers: {
    id: string;
    /** In addresses. */
    slug: string;
    /** On the button. */
    name: string;
    issuer: string;
    client_id: string;
    /** The client secret, sealed; null for a public client. */
    sealed_secret: string | null;
    /** Further scopes, with spaces between them. */
    scopes: string;
    /** The domains whose e-mail addresses it may sign in, with spaces between them; empty: all. */
    domains: string;
    /** 1: its e-mail addresses count as verified if it does not say anything about that. */
    trusts_email: Flag;
    /** 1: accounts are created at the first sign-in. */
    sign_up: Flag;
    /** The claim that names groups; null: it gives no roles. */
    roles_claim: string | null;
    /** JSON: which value of the claim gives which role on which site. */
    role_rules: string;
    changed_at: string;
  };
  /** The account of a person at a provider. */
  identities: { provider_id: string; subject: string; person_id: string; linked_at: string; seen_at: string };
  /** Settings of the whole book. */
  settings: { name: "passwords"; value: string };
  links: {
    hash: string;
    purpose: "setup" | "invitation" | "reset";
    person_id: string | null;
    expires_at: string;
    used_at: string | null;
  };
  /** `browser` is the hash of a known browser's secret, or empty. */
  sign_in_failures: { id: string; email: string; address: string; browser: string; at: string };
  /** Browsers in which a person signed in before. */
  known_browsers: { hash: string; person_id: string; expires_at: string };
  /** Forms that were not acted on, and answers to forms: sealed with a secret that only the browser has. */
  kept_forms: { id: string; person_id: string; sealed: string; expires_at: string };
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
  /** From where a token was used. */
  token_addresses: { token_id: string; address: string; seen_at: string };
  /** Who signed in, and what changed about accounts. Not part of the record: deleted with age. */
  security_events: {
    seq: Generated<number>;
    at: string;
    kind: SecurityEventKind;
    /** The account it is about. */
    person_id: string | null;
    /** Who did it; null: the person. */
    by_id: string | null;
    /** What was entered, if it belongs to no account. */
    email: string | null;
    address: string;
    user_agent: string;
    detail: string | null;
    /** 1: its person gets a mail about it, which is still to be written. */
    to_mail: Generated<Flag>;
  };
  /** Whose administrators see a security event: the sites on which its person had a role then, or the one it is about. */
  security_event_sites: { site_id: string; event_seq: number };
  /** Secret addresses at which programs read a feed of a site. Not part of the record. */
  feeds: {
    id: string;
    site_id: string;
    /** Who created it: it shows what they may see, as long as they may see it. */
    person_id: string;
    kind: "environment" | "calendar" | "badge_environment" | "badge_software" | "badge_promotion";
    name: string | null;
    /** What it is about, as far as its kind needs it. */
    environment_id: string | null;
    artifact_id: string | null;
    promotion_id: string | null;
    /** Of the secret in its address. */
    hash: string;
    created_at: string;
    /** When it was last read, to about ten minutes; null: never. */
    used_at: string | null;
    revoked_at: string | null;
  };
  intents: { person_id: string; key: string; fingerprint: string; answer: string; at: string };
  artifacts: {
    id: string;
    site_id: string;
    kind: Kind;
    key: string;
    /** The latest recorded for any of its versions, for the search. Each version has its own. */
    title: string | null;
    /** Key and title without case, for filters: see foldedText. */
    folded: Generated<string>;
    /** The key by which lists are sorted: see sortKey in record/keys.ts. */
    sort_key: Generated<string>;
    /** The first path segment of a page that has others below it, or is below it; else empty, as for software. */
    section: string;
    owner_id: string | null;
  };
  /** Who owned an artifact since an event. The newest row of each is also in artifacts.owner_id. */
  ownerships: {
    /** The subject of the event that set it. */
    change_id: string;
    seq: number;
    artifact_id: string;
    /** null: nobody. */
    owner_id: string | null;
  };
  /** Who owns the pages that are recorded in a section after an event. */
  section_owners: {
    /** The subject of the event that set it. */
    change_id: string;
    site_id: string;
    seq: number;
    /** As in artifacts.section. */
    section: string;
    /** null: nobody. */
    owner_id: string | null;
  };
  /** What people and environments were called before they were renamed by an event. */
  former_names: {
    /** The id of the person or environment. */
    of_id: string;
    until: string;
    site_id: string;
    /** 0: no event renamed it, as in older books; the name is that in the person's events. */
    seq: number;
    name: string;
  };
  versions: {
    id: string;
    artifact_id: string;
    label: string;
    /** The first that was recorded for it; it never changes then. */
    title: string | null;
    digest: string | null;
    source: string | null;
    /** JSON: software key → semver range. */
    requires: string | null;
    notes: string | null;
    created_at: string;
    /** When it is first known to have been on any environment. Derived from placements; orders versions. */
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
    /** 1: it was a complete list of what was on the environment, and anything not listed was not there. */
    complete: Flag;
    /** 1: it recorded what was already there when the book was opened. */
    baseline: Generated<Flag>;
    changed: number;
    unchanged: number;
    out_of_band: number;
    /** Of what Sitebook saw itself: when it last saw its pages otherwise; null: it did not, or people or machines reported it. */
    seen_otherwise_at: string | null;
  };
  placements: {
    seq: Generated<number>;
    deployment_id: string;
    environment_id: string;
    artifact_id: string;
    /** null: removed. */
    version_id: string | null;
    promotion_id: string | null;
    out_of_band: Flag;
    effective_at: string;
    recorded_at: string;
  };
  /** The lines of a deployment that changed nothing. If an earlier change is recorded late, they become changes. */
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
  /** Corrections of one line of a deployment, or of a whole deployment; a later one corrects the one before it. */
  corrections: {
    id: string;
    /** The correction of the whole deployment that this one belongs to, which has the reason. */
    whole_id: string | null;
    /** The corrected deployment. */
    corrected_id: string;
    /** The corrected line (null: all of them), and its placement, if it has one. */
    artifact_id: string | null;
    placement_seq: number | null;
    /** 0: it was recorded wrongly. 1: the previous correction was wrong, and the line is valid again. */
    stands: Flag;
    correction_id: string | null;
    /** The deployment that records what is right instead. */
    deployment_id: string | null;
    recorded_at: string;
    person_id: string;
    reason: string | null;
  };
  /** Placements that no longer count: a late deployment or a correction made them repeat what was there already. */
  repeats: {
    placement_seq: number;
    deployment_id: string;
    recorded_at: string;
    correction_id: Generated<string | null>;
  };
  /** Pointers to the current placements, updated in the same transaction. Derived; rebuildable. */
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
    /** The environment from which it was created. */
    environment_id: string;
    person_id: string;
    created_at: string;
    /** The release from which it was made, if any. */
    made_from: string | null;
  };
  /** Marks of a release as bad, and rows that lift one. Nothing can be promoted with it while a mark is not lifted. */
  release_marks: {
    id: string;
    release_id: string;
    /** The mark that this row lifts; null: it is a mark. */
    lifts_id: string | null;
    person_id: string;
    reason: string;
    marked_at: string;
  };
  release_contents: {
    release_id: string;
    artifact_id: string;
    version_id: string | null;
    /** Of a page that is removed: the path or web address to which visitors are to be led; null: none. */
    redirect: string | null;
  };
  /** The highest version is the gate in force; a promotion keeps the one under which it was requested. */
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
    /** The completed promotion that this one rolls back; null if it is no rollback. */
    rollback_of_id: string | null;
    /** 1: a rollback of only some of what it replaced, as its requester chose. */
    rollback_in_part: Flag;
    person_id: string;
    asked_at: string;
  };
  /** The promotions that are not yet completed, rejected, cancelled or superseded. Derived; rebuildable. */
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
    /** How many of the pages to review this person had ticked by then; null for machines, or if there was none. */
    reviewed: number | null;
    to_review: number | null;
    /** The person who is away and for whom the substitute decided. */
    for_id: string | null;
    /** JSON: the number of an earlier promotion, and the keys of the pages that they had approved there already. */
    carried_over: string | null;
    /** How it is known who a guest is; null: by their account. */
    identity: Generated<string | null>;
  };
  /** Who may decide for whom in a role, from and until a moment. */
  delegations: {
    id: string;
    site_id: string;
    person_id: string;
    substitute_id: string;
    role: string;
    from_at: string;
    until_at: string;
    created_at: string;
  };
  delegation_ends: { delegation_id: string; person_id: string; ended_at: string };
  /** What a rejection asks to be changed on single pages. */
  page_comments: { approval_id: string; artifact_id: string; comment: string };
  /** What people say about a promotion. `mentioned` is canonical JSON: the ids of the people in it, and how each was written. */
  comments: {
    id: string;
    promotion_id: string;
    person_id: string;
    comment: string;
    mentioned: string;
    /** Of its event. */
    seq: number;
    commented_at: string;
  };
  /** Approvals that were withdrawn by who gave them, and no longer count. */
  withdrawals: {
    approval_id: string;
    promotion_id: string;
    person_id: string;
    reason: string;
    withdrawn_at: string;
    /** When it became too old to count; null: who gave it withdrew it. */
    expired_at: string | null;
  };
  /** Ticks of a gate's checklist for a promotion; the latest of a line counts, and 0 took the tick away. */
  checklist_ticks: {
    id: string;
    promotion_id: string;
    /** 1 for the promotion's first tick. */
    seq: number;
    line: string;
    ticked: Flag;
    person_id: string;
    ticked_at: string;
  };
  completions: {
    promotion_id: string;
    deployment_id: string;
    person_id: string;
    completed_at: string;
    /** Why it was completed although the target was frozen; null if it was not. */
    freeze_override: string | null;
  };
  /** Completions for which the gate was not met; `blockers` is JSON: what was passed over, as codes and sentences. */
  forced_completions: { promotion_id: string; reason: string; blockers: string };
  /** That somebody else reviewed such a completion afterwards. */
  forced_reviews: { promotion_id: string; person_id: string; comment: string | null; reviewed_at: string };
  cancellations: {
    promotion_id: string;
    person_id: string;
    reason: string;
    superseded_by: string | null;
    cancelled_at: string;
    /** Until when it could have been completed; null: it did not expire. */
    expired_at: string | null;
  };
  /** When a promotion is planned to be completed and taken down again. The latest row of a promotion counts. */
  schedules: {
    id: string;
    promotion_id: string;
    /** 1 for the promotion's first plan. */
    seq: number;
    /** Null: no moment is planned, or no longer. */
    go_live_at: string | null;
    /** Whether the deployment happens by itself then, so that Sitebook may complete the promotion. */
    by_itself: Flag;
    take_down_at: string | null;
    /** What the take-down does: it removes the pages, or restores what was there before; null: there never was one. */
    take_down: "remove" | "restore" | null;
    /** Where visitors of the pages that it removes are led; null: nowhere. */
    take_down_redirect: string | null;
    take_down_by_itself: Flag;
    /** The prepared contents of the take-down. They stay if it is no longer planned, since approvals cover them. */
    take_down_release_id: string | null;
    /** What approvals of the promotion are bound to, together with the contents of the take-down. */
    digest: string;
    person_id: string;
    planned_at: string;
  };
  /** Planned moments that came without Sitebook completing anything, so that somebody had to. */
  due_moments: {
    id: string;
    promotion_id: string;
    what: "go_live" | "take_down";
    due_at: string;
    /** Why it could not be completed; null: it could, by somebody. */
    reason: string | null;
    person_id: string;
    noticed_at: string;
  };
  /** Periods in which an environment takes no promotions. */
  freezes: {
    id: string;
    site_id: string;
    number: number;
    environment_id: string;
    /** The first window. ends_at is null if it lasts until somebody ends it; then it does not recur. */
    starts_at: string;
    ends_at: string | null;
    /** An RFC 5545 recurrence rule that begins with the first window, on the clock of time_zone. */
    recurrence: string | null;
    time_zone: string;
    /** The end of the last window, which follows from the columns above. */
    last_ends_at: string | null;
    reason: string;
    person_id: string;
    created_at: string;
  };
  /** Freezes that somebody ended: they cover nothing from then on. */
  freeze_ends: { freeze_id: string; person_id: string; reason: string; ended_at: string };
  /** Background work. Not part of the record. */
  jobs: {
    id: string;
    site_id: string;
    kind: string;
    ref: string;
    /** When it is due, or due again. */
    run_at: string;
    /** Until when the server that took it may work on it; null if nobody does. */
    lease_until: string | null;
    attempts: Generated<number>;
    last_error: string | null;
    done_at: string | null;
  };
  /** Up to which event of a site notices were written, and when its needs were last looked through. */
  notice_progress: { site_id: string; seq: number; checked_at: string };
  /** What open promotions needed from whom when notices were last written. */
  noticed_needs: { promotion_id: string; person_id: string; site_id: string; need: string };
  /** Messages to people about events. Not part of the record. */
  notices: {
    id: string;
    site_id: string;
    person_id: string;
    kind: string;
    /** Of the event that caused it. */
    seq: number;
    /** What it is about: notices with the same topic are one conversation. */
    topic: string;
    promotion_id: string | null;
    delivery: "now" | "daily" | "weekly";
    created_at: string;
    state: "waiting" | "sent" | "stopped" | "refused";
    /** Why it was stopped or refused. */
    outcome: string | null;
    ended_at: string | null;
    /** Of the mail that it was sent in: the id of the first notice in it. */
    mail_id: Generated<string | null>;
    /** How the mail came back later, which `outcome` gives the reason of. */
    bounce: Generated<"permanent" | "temporary" | "complaint" | null>;
    /** The secret in the address that unsubscribes from its kind. */
    unsubscribe_key: string;
  };
  /** Addresses to which a site sends no notices, as a mail came back. */
  bounced_addresses: { site_id: string; email: string; kind: "permanent" | "complaint"; reason: string; at: string };
  /** What the administrator of a site allows for a kind of notice. */
  notice_rules: { site_id: string; kind: string; rule: "required" | "optional" | "off" };
  /** How often a person wants a kind of notice. */
  notice_choices: { site_id: string; person_id: string; kind: string; delivery: "now" | "daily" | "weekly" | "off" };
  /** What people follow. */
  subscriptions: {
    id: string;
    site_id: string;
    person_id: string;
    subject: "environment" | "section" | "page" | "campaign";
    /** The id of the environment, page or release; for a section its name. */
    ref: string;
    /** Only what happens there; null: anywhere. */
    environment_id: string | null;
    created_at: string;
  };
  /** Invitations of people without an account to decide on one promotion. `codes`: how many were sent; `tries`: of the last. */
  guests: {
    id: string;
    promotion_id: string;
    /** As whom they decide; this person has no account and no membership. */
    person_id: string;
    email: string;
    role: string;
    /** Of the secret in the link. */
    hash: string;
    invited_by: string;
    created_at: string;
    expires_at: string;
    revoked_at: Generated<string | null>;
    code_hash: Generated<string | null>;
    code_expires_at: Generated<string | null>;
    codes: Generated<number>;
    tries: Generated<number>;
    session_hash: Generated<string | null>;
    session_expires_at: Generated<string | null>;
  };
  /** New e-mail addresses that are not confirmed yet; `hash` is of the secret in the link. */
  address_changes: { person_id: string; hash: string; email: string; expires_at: string };
  /** Machines and channels that are told of events. `url` and the secrets are encrypted; `types` are separated by spaces, or `*`. */
  webhooks: {
    id: string;
    site_id: string;
    name: string;
    shape: "standard" | "slack" | "teams";
    url: string;
    /** Of its address, to be shown. */
    host: string;
    types: string;
    secret: string | null;
    /** The secret before, with which deliveries are signed too until a moment. */
    previous_secret: Generated<string | null>;
    previous_until: Generated<string | null>;
    created_by: string;
    created_at: string;
    disabled_at: Generated<string | null>;
    disabled_reason: Generated<string | null>;
    removed_at: Generated<string | null>;
  };
  /** What each webhook was told, or is to be told. */
  webhook_deliveries: {
    id: string;
    webhook_id: string;
    site_id: string;
    /** Of the event. */
    seq: number;
    type: string;
    created_at: string;
    state: "waiting" | "delivered" | "failed" | "stopped";
    attempts: Generated<number>;
    /** What the receiver answered last. */
    status: Generated<number | null>;
    answer: Generated<string | null>;
    ended_at: Generated<string | null>;
  };
  /** How often Sitebook visits the servers of an environment by itself. */
  visit_schedules: { environment_id: string; every_hours: number; next_at: string };
  /** How Sitebook visits a server; without a row, as in `visitDefaults`. */
  visit_settings: {
    server_id: string;
    /** 0: what its robots.txt says does not count, as it is the administrator's own server. */
    honours_robots: Flag;
    pages_at_once: number;
    pause_ms: number;
    max_pages: number;
    /** JSON of the headers with which it is visited, encrypted; their names are not. */
    sealed_headers: string | null;
    header_names: string;
    /** The address to connect to, with a port if it has one, as the name of its host leads elsewhere; empty: it does not. */
    connect_to: Generated<string>;
    /** Up to how many links from a page of the record or of the sitemaps a page is looked for; 0: links are not followed. */
    link_depth: Generated<number>;
    /** The names of the parameters that are kept in the queries of links, with spaces between them. */
    kept_parameters: Generated<string>;
    /** The hosts, with a port if they have one, whose files and links are checked, too, with spaces between them. */
    other_hosts: Generated<string>;
  };
  /** Who reports what is on an environment; without a row, people and machines do, and deployments cause visits. */
  observation_rules: { environment_id: string; reporter: "people" | "observation"; after_deployments: Flag };
  /** Up to which event of a site the visits that deployments cause were started. */
  visit_progress: { site_id: string; seq: number };
  /** Visits to a server: Sitebook looks at each of its pages. */
  visits: {
    id: string;
    site_id: string;
    environment_id: string;
    server_id: string;
    /** Who requested it; null: it was time for it. */
    person_id: string | null;
    started_at: string;
    /** How many there are to look at; null: not known yet. */
    pages: number | null;
    visited: Generated<number>;
    changed: Generated<number>;
    /** In order of paths, the last page that was looked at. */
    last_path: Generated<string>;
    /** In their order, the last address that was checked of those on its pages, and how many were. */
    last_link: Generated<string>;
    links: Generated<number>;
    /** How many pages were visited when the server last asked to wait; null: it did not. */
    waited_after: number | null;
    /** 1: another observer says what it saw. */
    reported: Generated<Flag>;
    /** What could not be read, such as a sitemap. */
    note: string | null;
    /** Why it was given up: the server does not answer. */
    problem: string | null;
    ended_at: string | null;
    /** 1: another visit follows, as something was deployed while it was in progress. */
    repeats: Generated<Flag>;
  };
  /** What a server showed of a page from a visit on: a row only when something changed. A measurement, not part of the record. */
  observations: {
    id: string;
    server_id: string;
    path: string;
    seen_at: string;
    /** `unobserved`: what it showed says nothing about the page. */
    outcome: "shown" | "missing" | "unobserved";
    /** Why it is not shown. */
    reason: string | null;
    status: number | null;
    /** Where redirects led. */
    address: string | null;
    title: string | null;
    language: string | null;
    canonical: string | null;
    robots: string | null;
    text_digest: string | null;
    structure_digest: string | null;
    /** The digest of its content in `observed_contents`; null: it is not kept. */
    content: Generated<string | null>;
    took_ms: number;
    bytes: number;
    /** What a meta tag says that the administrator named: a date, or ISO 8601 UTC. */
    review_at: Generated<string | null>;
  };
  /** What visitors read of a page, as reduced HTML, by its SHA-256: the same on all servers is one row. */
  observed_contents: {
    digest: string;
    /** Compressed by `deflate`, in base64. */
    packed: string;
    bytes: number;
  };
  /** What of a page differs from one request to the next, on whichever server of the site, and says nothing. */
  learned_noise: {
    id: string;
    site_id: string;
    path: string;
    /** `words`, `address`: of an element; `content`: all in it; `order`: of its children; `presence`: of children with this name. */
    kind: "words" | "address" | "content" | "order" | "presence";
    place: string;
    /** What was seen there. */
    example: string;
    learned_at: string;
  };
  /** What administrators have left out of all pages of a site: elements by a CSS selector, or parts of lines by a pattern. */
  masks: { id: string; site_id: string; kind: "selector" | "pattern"; expression: string; created_at: string };
  /** The pages of a server: where they are listed, and what was seen last. */
  observed_pages: {
    server_id: string;
    path: string;
    in_record: Flag;
    in_sitemap: Flag;
    observation_id: string | null;
    /** The last observation of the page itself. */
    shown_id: string | null;
    /** Validators of that, for conditional requests. */
    etag: string | null;
    last_modified: string | null;
    /** How many links lead to it from a page of the record or of the sitemaps; null: it was not found by a link. */
    link_depth: number | null;
    /** When another observer last said what it shows; null: never. */
    reported_at: string | null;
  };
  /** What an environment showed when a version was first seen there. */
  seen_versions: {
    version_id: string;
    environment_id: string;
    text_digest: string;
    seen_at: string;
    /** As in `observations`. */
    content: Generated<string | null>;
  };
  /** What a server shows that disagrees with the record or with good order; settled when a visit no longer finds it. */
  findings: {
    id: string;
    site_id: string;
    environment_id: string;
    server_id: string;
    /** Empty: of the whole server. */
    path: string;
    code: string;
    sentence: string;
    opened_at: string;
    settled_at: string | null;
    /** The digest of the text in which it was found, or the version that the server says; null: there is neither. */
    content: string | null;
    /** It is not to be seen as open until something changes. */
    accepted_at: string | null;
    accepted_by: string | null;
    reason: string | null;
    /** `gone`: no longer found. `changed`: it was accepted, and something else is found since. */
    settled_how: "gone" | "recorded" | "changed" | null;
  };
  /** The addresses on servers of the site, and on other hosts that are checked, that a page of a server names; `loaded`: browsers load it with the page. */
  page_links: { server_id: string; path: string; address: string; loaded: Flag };
  /** Those of them that are missing. */
  broken_links: { server_id: string; address: string; problem: string };
  /** What is checked in an environment; without a row nothing but what always is. */
  finding_settings: {
    environment_id: string;
    /** 1: search engines are not to list its pages. */
    hidden: Flag;
    /** The meta tag of its pages that says when they are to be reviewed; empty: none. */
    date_tag: Generated<string>;
  };
  /** How the version of a software item is read from a server. */
  software_probes: {
    id: string;
    environment_id: string;
    software: string;
    how: "json" | "header" | "meta";
    /** The path of the address, below that of the server. */
    path: string;
    /** A JSON pointer, or the name of a header or meta tag. */
    name: string;
  };
  /** What an approver has ticked as reviewed. A convenience, not part of the record. */
  looks: { promotion_id: string; person_id: string; artifact_id: string; looked_at: string };
  /** What an approver has written about single pages before they decide. A convenience, not part of the record. */
  page_drafts: { promotion_id: string; person_id: string; artifact_id: string; comment: string };
  /** Who was mentioned in a comment and has not opened the promotion since. A convenience, not part of the record. */
  unread_mentions: { promotion_id: string; person_id: string; site_id: string };
  /** Rejections that were neither dismissed nor answered by a new request. A convenience, not part of the record. */
  unsettled_rejections: { promotion_id: string; site_id: string; environment_id: string };
  events: {
    site_id: string;
    seq: number;
    recorded_at: string;
    person_id: string;
    action: string;
    subject: string;
    subject_id: string | null;
    environment_id: string | null;
    /** Canonical JSON of everything that the event changed. */
    details: string;
    previous_hash: string;
    hash: string;
  };
  /** The keys that sign checkpoints: Ed25519, as PKCS #8 in PEM. */
  keys: { name: string; private_key: string; created_at: string };
  /** Signed statements of a site's chain at a time: the number of its events, and its head. */
  checkpoints: { site_id: string; events: number; head: string; note: string; at: string };
  /** Counts of a section's rows by their state, as JSON, in the order of `RowCounts`. Derived; rebuildable. */
  tallies: { site_id: string; kind: Kind; section: string; counts: string };
  /** The texts of the search, as words; each engine has its own index of them. Derived; rebuildable. */
  search_entries: { id: Generated<number>; site_id: string; kind: string; ref: string; words: string };
}
