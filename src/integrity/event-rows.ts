import { canonicalJson, type Json } from "../database/canonical-json.ts";
import type { ChainEntry } from "../record/chain.ts";
import type { Action } from "../record/events.ts";
import type { Schema } from "../schema.ts";

/** A row of the record as an event has it: artifacts and versions by name. */
export type EventTableRow = Record<string, string | number | boolean | null | undefined>;

export type EventTableRows = Partial<Record<RecordTable, EventTableRow[]>>;

/** In an order in which each table refers only to those before it. */
export const recordTables = [
  "artifacts",
  "titles",
  "sections",
  "versions",
  "contents",
  "version_titles",
  "gates",
  "releases",
  "release_contents",
  "release_marks",
  "promotions",
  "schedules",
  "due_moments",
  "approvals",
  "page_comments",
  "comments",
  "withdrawals",
  "checklist_ticks",
  "cancellations",
  "deployments",
  "placements",
  "confirmations",
  "corrections",
  "repeats",
  "completions",
  "forced_completions",
  "forced_reviews",
  "ownerships",
  "section_owners",
  "former_names",
  "delegations",
  "delegation_ends",
  "freezes",
  "freeze_ends",
] as const;
export type RecordTable = (typeof recordTables)[number];

type Columns<Table extends keyof Schema> = Record<keyof Schema[Table], true>;

/** Tables whose rows are in an event's details unchanged. A forgotten column does not compile. */
export const plainTables = {
  deployments: {
    id: true,
    site_id: true,
    number: true,
    environment_id: true,
    effective_at: true,
    recorded_at: true,
    person_id: true,
    promotion_id: true,
    source: true,
    note: true,
    complete: true,
    baseline: true,
    changed: true,
    unchanged: true,
    out_of_band: true,
    seen_otherwise_at: true,
  } satisfies Columns<"deployments">,
  releases: {
    id: true,
    site_id: true,
    number: true,
    name: true,
    notes: true,
    digest: true,
    environment_id: true,
    person_id: true,
    created_at: true,
    made_from: true,
  } satisfies Columns<"releases">,
  release_marks: {
    id: true,
    release_id: true,
    lifts_id: true,
    person_id: true,
    reason: true,
    marked_at: true,
  } satisfies Columns<"release_marks">,
  promotions: {
    id: true,
    site_id: true,
    number: true,
    release_id: true,
    from_id: true,
    environment_id: true,
    gate_id: true,
    digest: true,
    note: true,
    rollback_of_id: true,
    rollback_in_part: true,
    person_id: true,
    asked_at: true,
  } satisfies Columns<"promotions">,
  schedules: {
    id: true,
    promotion_id: true,
    seq: true,
    go_live_at: true,
    by_itself: true,
    take_down_at: true,
    take_down: true,
    take_down_redirect: true,
    take_down_by_itself: true,
    take_down_release_id: true,
    digest: true,
    person_id: true,
    planned_at: true,
  } satisfies Columns<"schedules">,
  due_moments: {
    id: true,
    promotion_id: true,
    what: true,
    due_at: true,
    reason: true,
    person_id: true,
    noticed_at: true,
  } satisfies Columns<"due_moments">,
  approvals: {
    id: true,
    promotion_id: true,
    person_id: true,
    role: true,
    decision: true,
    digest: true,
    comment: true,
    decided_at: true,
    reviewed: true,
    to_review: true,
    for_id: true,
    carried_over: true,
    identity: true,
  } satisfies Columns<"approvals">,
  delegations: {
    id: true,
    site_id: true,
    person_id: true,
    substitute_id: true,
    role: true,
    from_at: true,
    until_at: true,
    created_at: true,
  } satisfies Columns<"delegations">,
  delegation_ends: { delegation_id: true, person_id: true, ended_at: true } satisfies Columns<"delegation_ends">,
  comments: {
    id: true,
    promotion_id: true,
    person_id: true,
    comment: true,
    mentioned: true,
    seq: true,
    commented_at: true,
  } satisfies Columns<"comments">,
  withdrawals: {
    approval_id: true,
    promotion_id: true,
    person_id: true,
    reason: true,
    withdrawn_at: true,
    expired_at: true,
  } satisfies Columns<"withdrawals">,
  checklist_ticks: {
    id: true,
    promotion_id: true,
    seq: true,
    line: true,
    ticked: true,
    person_id: true,
    ticked_at: true,
  } satisfies Columns<"checklist_ticks">,
  completions: {
    promotion_id: true,
    deployment_id: true,
    person_id: true,
    completed_at: true,
    freeze_override: true,
  } satisfies Columns<"completions">,
  forced_reviews: {
    promotion_id: true,
    person_id: true,
    comment: true,
    reviewed_at: true,
  } satisfies Columns<"forced_reviews">,
  cancellations: {
    promotion_id: true,
    person_id: true,
    reason: true,
    superseded_by: true,
    cancelled_at: true,
    expired_at: true,
  } satisfies Columns<"cancellations">,
  freezes: {
    id: true,
    site_id: true,
    number: true,
    environment_id: true,
    starts_at: true,
    ends_at: true,
    recurrence: true,
    time_zone: true,
    last_ends_at: true,
    reason: true,
    person_id: true,
    created_at: true,
  } satisfies Columns<"freezes">,
  freeze_ends: {
    freeze_id: true,
    person_id: true,
    reason: true,
    ended_at: true,
  } satisfies Columns<"freeze_ends">,
  corrections: {
    id: true,
    whole_id: true,
    corrected_id: true,
    artifact_id: true,
    placement_seq: true,
    stands: true,
    correction_id: true,
    deployment_id: true,
    recorded_at: true,
    person_id: true,
    reason: true,
  } satisfies Columns<"corrections">,
};
export type PlainTable = keyof typeof plainTables;

const noRows = (): EventTableRows => ({});

const plainRow =
  (table: PlainTable) =>
  ({ details }: ChainEntry): EventTableRows => ({
    [table]: [
      Object.fromEntries(
        Object.keys(plainTables[table]).map((column) => [column, details[column] ?? null]),
      ) as EventTableRow,
    ],
  });

/** The rows of the record that follow from an event: `verify` compares them, `rebuild` writes them. */
export const rowsOfEvent: Record<Action, (entry: ChainEntry) => EventTableRows> = {
  site_created: noRows,
  site_changed: noRows,
  environment_added: gateOf,
  environment_changed: formerNameOf,
  environment_moved: noRows,
  environment_retired: noRows,
  gate_changed: gateOf,
  server_added: noRows,
  server_removed: noRows,
  visits_changed: noRows,
  findings_opened: noRows,
  findings_settled: noRows,
  finding_accepted: noRows,
  acceptance_undone: noRows,
  deployment_recorded: deploymentOf,
  release_made: releaseOf,
  release_marked_bad: plainRow("release_marks"),
  release_mark_lifted: plainRow("release_marks"),
  promotion_asked: promotionOf,
  promotion_scheduled: scheduleOf,
  promotion_due: plainRow("due_moments"),
  promotion_approved: decisionOf,
  promotion_rejected: decisionOf,
  approval_withdrawn: plainRow("withdrawals"),
  approval_expired: plainRow("withdrawals"),
  promotion_expired: plainRow("cancellations"),
  checklist_ticked: plainRow("checklist_ticks"),
  promotion_cancelled: plainRow("cancellations"),
  promotion_superseded: plainRow("cancellations"),
  promotion_completed: completionOf,
  forced_completion_reviewed: plainRow("forced_reviews"),
  promotion_commented: commentOf,
  placement_corrected: correctionOf,
  person_invited: noRows,
  person_renamed: formerNameOf,
  role_given: noRows,
  role_taken: noRows,
  account_closed: noRows,
  role_created: noRows,
  role_changed: formerNameOf,
  role_removed: (entry) => formerNameOf({ ...entry, details: { ...entry.details, name: null } }),
  password_reset: noRows,
  token_created: noRows,
  token_revoked: noRows,
  guest_invited: noRows,
  guest_revoked: noRows,
  webhook_created: noRows,
  webhook_changed: noRows,
  webhook_disabled: noRows,
  webhook_removed: noRows,
  feed_created: noRows,
  feed_revoked: noRows,
  owner_set: ownersOf,
  delegation_set: plainRow("delegations"),
  delegation_ended: plainRow("delegation_ends"),
  freeze_set: plainRow("freezes"),
  freeze_ended: plainRow("freeze_ends"),
};

function gateOf({ environment_id, recorded_at, details }: ChainEntry): EventTableRows {
  if (!details.gate) return {};
  const { id, version, ...rules } = details.gate as { id: string; version: number };
  return { gates: [{ id, version, environment_id, since: recorded_at, rules: canonicalJson(rules) }] };
}

function formerNameOf({ seq, recorded_at, subject_id, details }: ChainEntry): EventTableRows {
  if (details.name === undefined) return {};
  return { former_names: [{ of_id: subject_id, until: recorded_at, seq, name: details.before as string }] };
}

function promotionOf(entry: ChainEntry): EventTableRows {
  // an older event does not say that it is no rollback in part
  return plainRow("promotions")({ ...entry, details: { rollback_in_part: 0, ...entry.details } });
}

function scheduleOf(entry: ChainEntry): EventTableRows {
  // an older event has no redirect
  return plainRow("schedules")({ ...entry, details: { take_down_redirect: null, ...entry.details } });
}

function completionOf(entry: ChainEntry): EventTableRows {
  const { reason, passed_over } = entry.details;
  const completions = plainRow("completions")(entry);
  const forced = passed_over
    ? [{ promotion_id: entry.subject_id, reason: reason as string, blockers: canonicalJson(passed_over) }]
    : [];
  return { ...completions, forced_completions: forced };
}

function ownersOf({ seq, details, subject_id: change_id }: ChainEntry): EventTableRows {
  const owner_id = details.owner_id as string | null;
  const { section } = details as { section?: string };
  return {
    ownerships: lines(details.artifacts).map(({ kind, key }) => ({ change_id, seq, kind, key, owner_id })),
    // an event from before sections had owners covers only the pages of its day
    section_owners: details.later_pages && section !== undefined ? [{ change_id, seq, section, owner_id }] : [],
  };
}

function decisionOf(entry: ChainEntry): EventTableRows {
  const { id: approval_id, pages } = entry.details;
  const page_comments = lines(pages).map((page) => ({ approval_id: approval_id as string, ...page }));
  const carried = entry.details.carried_over;
  const carried_over = carried ? canonicalJson(carried) : null;
  return { ...plainRow("approvals")({ ...entry, details: { ...entry.details, carried_over } }), page_comments };
}

function commentOf(entry: ChainEntry): EventTableRows {
  const mentioned = canonicalJson(entry.details.mentioned ?? []);
  return plainRow("comments")({ ...entry, details: { ...entry.details, mentioned, seq: entry.seq } });
}

function releaseOf(entry: ChainEntry): EventTableRows {
  const contents = lines(entry.details.contents).map(({ kind, key, version, redirect = null }) => ({
    kind,
    key,
    version,
    redirect,
  }));
  const release_id = entry.subject_id;
  return { ...plainRow("releases")(entry), release_contents: contents.map((line) => ({ release_id, ...line })) };
}

function deploymentOf(entry: ChainEntry): EventTableRows {
  const { recorded_at, environment_id, subject_id: deployment_id } = entry;
  // an event from before there were baselines does not say that it is none
  const details: ChainEntry["details"] = { baseline: 0, ...entry.details };
  const effective_at = details.effective_at as string;
  const common = { deployment_id, environment_id, effective_at, recorded_at };
  const reconciled = reconciledRows(entry, common, { deployment_id });
  const learned = (details.learned ?? {}) as Record<string, Json>;
  return {
    artifacts: lines(learned.artifacts),
    titles: lines(learned.titles).map(({ kind, key, title }) => ({ kind, key, title })),
    sections: lines(learned.sections),
    versions: lines(learned.versions).map((one) => ({
      ...withoutMissingContent(one),
      title: one.title ?? undefined,
      created_at: recorded_at,
      first_at: effective_at,
    })),
    contents: lines(learned.contents),
    version_titles: reportedTitles(learned, [...lines(details.placements), ...lines(details.confirmations)]),
    ...plainRow("deployments")({ ...entry, details }),
    placements: [
      ...lines(details.placements).map((one) => ({ seq: one.seq, ...lineColumns(one), ...common })),
      ...reconciled.placements,
    ],
    confirmations: [
      ...lines(details.confirmations).map((one) => ({ ...lineColumns(one), ...common })),
      ...reconciled.confirmations,
    ],
    repeats: reconciled.repeats,
    ownerships: lines(learned.owners).map((one) => ({ change_id: deployment_id as string, seq: entry.seq, ...one })),
  };
}

/** What a late deployment or a correction changed about later moments. */
function reconciledRows({ details, recorded_at }: ChainEntry, common: EventTableRow, cause: EventTableRow) {
  const repeated = lines(details.repeated);
  return {
    placements: lines(details.returned).map((one) => ({
      seq: one.seq,
      ...lineColumns(one),
      ...common,
      ...originalDeployment(one),
    })),
    confirmations: repeated
      .filter((one) => one.kept)
      .map((one) => ({ ...lineColumns(one), ...common, ...originalDeployment(one), recorded_at: one.recorded_at })),
    repeats: repeated.map((one) => ({ placement_seq: one.seq, ...cause, recorded_at })),
  };
}

function correctionOf(entry: ChainEntry): EventTableRows {
  const { details, recorded_at, environment_id, subject_id: correction_id } = entry;
  const common = Object.fromEntries(
    Object.keys(plainTables.corrections).map((column) => [column, details[column] ?? null]),
  );
  return {
    corrections: lines(details.corrections).map((one) => ({ ...(common as EventTableRow), ...one })),
    ...reconciledRows(
      entry,
      { environment_id, recorded_at },
      { deployment_id: details.corrected_id as string, correction_id },
    ),
  };
}

/**
 * The titles of versions that were recorded before versions had titles of their own, when the event did not name the
 * version: it is the one in the same event. `inherited`: a new version without a title has that of the page then.
 */
function reportedTitles(learned: Record<string, Json>, placed: EventTableRow[]): EventTableRow[] {
  const older = lines(learned.titles).filter(({ version }) => version === undefined);
  const reported = [...lines(learned.artifacts), ...older].filter(({ title }) => title);
  const titles = new Map(reported.map(({ kind, key, title }) => [`${kind} ${key}`, title]));
  const inherited = lines(learned.versions).filter((one) => one.title === undefined);
  return [
    ...placed.flatMap(({ kind, key, version }) => {
      const title = titles.get(`${kind} ${key}`);
      return title && version ? [{ kind, key, version, title }] : [];
    }),
    ...inherited.map(({ kind, key, version }) => ({ kind, key, version, inherited: true })),
  ];
}

const lines = (list: Json | undefined): EventTableRow[] => (list ?? []) as EventTableRow[];

/** A digest or requirement that was not recorded then may have been recorded later. */
const withoutMissingContent = ({ digest, requires, ...one }: EventTableRow): EventTableRow => ({
  ...one,
  digest: digest ?? undefined,
  requires: requires ?? undefined,
});

const lineColumns = ({ kind, key, version, promotion_id, out_of_band }: EventTableRow): EventTableRow => ({
  kind,
  key,
  version,
  promotion_id: promotion_id ?? null,
  out_of_band: out_of_band ?? 0,
});

/** The row still belongs to the deployment that recorded it first. */
const originalDeployment = ({ deployment_id, effective_at }: EventTableRow): EventTableRow => ({
  deployment_id,
  effective_at,
});
