import { type GateRules, gateDefaults } from "../access/gates.ts";
import { type Permission, permissionPhrases } from "../access/permissions.ts";
import type { Json } from "../database/canonical-json.ts";
import { gateDifferences } from "../gates/sentences.ts";
import type { Action } from "../record/events.ts";
import { findingKinds } from "../record/finding-kinds.ts";
import type { RoleNames } from "../record/role-names.ts";
import { countOf, formatCount, inPart, joinWithAnd } from "../text.ts";
import { isRecordedLate } from "../time/recorded-late.ts";
import { recurrenceWords } from "../time/recurrence-words.ts";
import type { HistoryEvent } from "./queries.ts";

/** A part of a sentence: words, the name of a person or thing, a link to a page of the site, or a moment (ISO 8601 UTC). */
export type SentencePart = string | { name: string; now?: string } | { to: string; text: string } | { at: string };

type Details = HistoryEvent["details"];

/** An event as a sentence, with the names of that time. */
export function sentence({
  action,
  details,
  machine,
  person,
  person_now,
  member,
  roles,
}: Pick<
  HistoryEvent,
  "action" | "details" | "machine" | "person" | "person_now" | "member" | "roles"
>): SentencePart[] {
  return [
    { name: person, ...(person_now && { now: person_now }) },
    machine ? " (machine) " : " ",
    ...sentences[action](member === null ? details : { ...details, member, owner: member }, roles),
  ];
}

const sentences = {
  site_created: (d) => ["created the site ", name(d.name), "."],
  site_changed: (d) => ["changed the site: name ", name(d.name), `, time zone ${text(d.time_zone)}.`],
  environment_added: (d, roles) => [
    "added the environment ",
    environment(d),
    `, requiring ${approvalsRequired(d, roles)}.`,
  ],
  environment_changed: (d) =>
    d.tier
      ? ["changed the tier of ", environment(d), ` from ${text(d.before)} to ${text(d.tier)}.`]
      : ["renamed the environment ", name(d.before), " to ", { ...environment(d), text: text(d.name) }, "."],
  environment_moved: (d) => ["moved the environment ", environment(d), ": now ", ...inOrder(d), "."],
  environment_retired: (d) => ["retired the environment ", environment(d), "."],
  gate_changed: (d, roles) => ["changed the gate of ", environment(d), `: ${gateChange(d, roles)}.`],
  server_added: (d) => ["added the server ", name(d.name), `, ${text(d.base_url)}, to `, environment(d), "."],
  server_removed: (d) => ["removed the server ", name(d.name), `, ${text(d.base_url)}, from `, environment(d), "."],
  visits_changed: (d) =>
    d.software !== undefined || d.hidden !== undefined || d.date_tag !== undefined
      ? checksChanged(d)
      : d.reporter !== undefined
        ? ["changed who reports what is on ", environment(d), `: ${reporter(d)}.`]
        : (d.masked ?? d.unmasked)
          ? maskChange(d)
          : visitsChanged(d),
  findings_opened: (d) => ["visited ", ...serverOf(d), `, and found ${findingCount(d)}: `, ...foundList(d), "."],
  findings_settled: (d) =>
    d.how === "record"
      ? ["recorded what ", ...serverOf(d), ` shows, which settles ${findingCount(d)}: `, ...foundList(d), "."]
      : d.how === "noise"
        ? ["left out noise on ", ...serverOf(d), `, which settles ${findingCount(d)}: `, ...foundList(d), "."]
        : ["visited ", ...serverOf(d), `, and no longer found ${findingCount(d)}: `, ...foundList(d), "."],
  finding_accepted: (d) => [
    "accepted a finding on ",
    ...serverOf(d),
    ": ",
    ...found(d),
    " (“",
    name(d.reason),
    "”), until something changes.",
  ],
  acceptance_undone: (d) => ["no longer accepts a finding on ", ...serverOf(d), ": ", ...found(d), "."],
  deployment_recorded: (d) => [
    "recorded ",
    { to: `deployments/${text(d.number)}`, text: `deployment ${text(d.number)}` },
    " on ",
    environment(d),
    ...(d.baseline ? [" as a baseline"] : []),
    ...(d.promotion ? [" for ", promotion(d.promotion)] : []),
    `: ${counted(d)}`,
    ...effectiveSince(d),
    ".",
  ],
  placement_corrected: (d) => [
    d.stands ? "undid the correction of " : "corrected ",
    ...corrected(d),
    " (“",
    name(d.reason),
    "”)",
    ...instead(d),
    ".",
  ],
  release_made: (d) => [
    "created ",
    release(d),
    ...madeFor(d),
    environment(d),
    ...(d.previous === undefined
      ? []
      : [", based on ", { to: `releases/${text(d.previous)}`, text: `release ${text(d.previous)}` }]),
    ".",
  ],
  release_marked_bad: (d) => ["marked ", release(d), ", as bad."],
  release_mark_lifted: (d) => ["lifted the mark as bad from ", release(d), "."],
  promotion_asked: (d) => [
    "requested ",
    promotion(d.number),
    ...(d.rollback_of
      ? [
          d.takes_down ? ", the take-down of " : `, a rollback${inPart(d.rollback_in_part)} of `,
          promotion(d.rollback_of),
        ]
      : []),
    ": ",
    name(d.name),
    d.rollback_of ? " on " : ` from ${text(d.from)} to `,
    environment(d),
    ".",
  ],
  promotion_scheduled: (d) => [
    d.go_live_at || d.take_down_at ? "planned " : "withdrew the plan of ",
    promotion(d.number),
    ", ",
    name(d.name),
    ", for ",
    environment(d),
    ...plannedFor(d),
    ".",
  ],
  promotion_due: (d) => [
    "reminded that ",
    promotion(d.number),
    ", ",
    name(d.name),
    ", for ",
    environment(d),
    d.what === "take_down" ? ", was planned to be taken down " : ", was planned for ",
    { at: text(d.due_at) },
    dueWords(d),
  ],
  promotion_approved: (d, roles) => [
    "approved ",
    promotion(d.number),
    ", ",
    name(d.name),
    ", for ",
    environment(d),
    ` (${roleName(d.role, roles)}${forWhom(d)})${reviewed(d)}${carriedOver(d)}.`,
  ],
  promotion_rejected: (d, roles) => [
    "rejected ",
    promotion(d.number),
    ", ",
    name(d.name),
    ", for ",
    environment(d),
    ` (${roleName(d.role, roles)}${forWhom(d)})${requestedChanges(d)}.`,
  ],
  approval_withdrawn: (d) => [
    "withdrew the approval of ",
    promotion(d.number),
    ", ",
    name(d.name),
    ", for ",
    environment(d),
    ` (“${text(d.reason)}”).`,
  ],
  approval_expired: (d) => [
    "ended the approval by ",
    name(d.approver),
    " of ",
    promotion(d.number),
    ", ",
    name(d.name),
    ", for ",
    environment(d),
    `: ${text(d.reason)}`,
  ],
  promotion_expired: (d) => [
    "ended ",
    promotion(d.number),
    ", ",
    name(d.name),
    ", for ",
    environment(d),
    `: ${text(d.reason)}`,
  ],
  checklist_ticked: (d) => [
    `${d.ticked ? "ticked" : "unticked"} “${text(d.line)}” for `,
    promotion(d.number),
    ", ",
    name(d.name),
    ", for ",
    environment(d),
    ".",
  ],
  promotion_cancelled: (d) => ["cancelled ", promotion(d.number), ", ", name(d.name), ", for ", environment(d), "."],
  promotion_superseded: (d) => [
    "superseded ",
    promotion(d.number),
    ", ",
    name(d.name),
    ", for ",
    environment(d),
    " with ",
    promotion(d.by),
    ".",
  ],
  promotion_completed: (d) =>
    d.rollback_of
      ? [
          d.takes_down ? "took down " : "rolled back ",
          promotion(d.rollback_of),
          `${inPart(d.rollback_in_part)} on `,
          environment(d),
          " with ",
          promotion(d.number),
          ...overridden(d),
          withoutGate(d),
          ...asPlanned(d),
          ".",
        ]
      : [
          "completed ",
          promotion(d.number),
          ": ",
          name(d.name),
          " on ",
          environment(d),
          ...overridden(d),
          withoutGate(d),
          ...asPlanned(d),
          ".",
        ],
  forced_completion_reviewed: (d) => [
    "reviewed the completion of ",
    promotion(d.number),
    " without its gate: ",
    name(d.name),
    " on ",
    environment(d),
    ".",
  ],
  promotion_commented: (d) => [
    "commented on ",
    promotion(d.number),
    ", ",
    name(d.name),
    ", for ",
    environment(d),
    ": “",
    name(d.comment),
    "”",
  ],
  person_renamed: (d) => ["changed their name, which was ", name(d.before), " before."],
  person_invited: (d, roles) => ["invited ", name(d.member), `${asRoles(d.roles, roles)}.`],
  role_given: (d, roles) => ["gave ", name(d.member), ` the role ${roleName(d.role, roles)}.`],
  role_taken: (d, roles) => [`removed the role ${roleName(d.role, roles)} from `, name(d.member), "."],
  account_closed: (d) => ["closed the account of ", name(d.member), "."],
  role_created: (d) => ["created the role ", name(d.role_name), `: ${mayWords(d.permissions)}.`],
  role_changed: (d) => [
    "changed the role ",
    name(d.role_name),
    ": ",
    ...(d.name === undefined ? [] : ["now called ", name(d.name)]),
    ...(d.name !== undefined && d.permissions ? ["; "] : []),
    ...(d.permissions ? [`${mayWords(d.permissions)}; before: ${mayWords(d.permissions_before)}`] : []),
    ".",
  ],
  role_removed: (d) => ["removed the role ", name(d.before), "."],
  password_reset: (d) => ["created a password-reset link for ", name(d.member), "."],
  token_created: (d, roles) => [
    "created the token ",
    name(d.token),
    asRoles(d.roles, roles),
    ...(typeof d.expires_at === "string" ? [", expiring ", { at: d.expires_at }] : []),
    ".",
  ],
  token_revoked: (d) => ["revoked the token ", name(d.token), "."],
  guest_invited: (d, roles) => [
    "invited ",
    name(d.guest),
    ` as a guest (${roleName(d.role, roles)}) to decide on `,
    promotion(d.number),
    ".",
  ],
  guest_revoked: (d) => ["withdrew the invitation of the guest ", name(d.guest), " to ", promotion(d.number), "."],
  webhook_created: (d) => ["created the webhook ", name(d.webhook), ` to ${text(d.host)}.`],
  webhook_changed: (d) => [
    d.what === "secret"
      ? "gave a new secret to the webhook "
      : d.what === "enabled"
        ? "enabled the webhook "
        : `changed the ${joinWithAnd(d.changed as string[])} of the webhook `,
    name(d.webhook),
    ".",
  ],
  webhook_disabled: (d) => ["disabled the webhook ", name(d.webhook), `: ${text(d.reason)}`],
  webhook_removed: (d) => ["removed the webhook ", name(d.webhook), "."],
  feed_created: (d) => ["created a secret address for ", name(d.feed), "."],
  feed_revoked: (d) => ["revoked a secret address for ", name(d.feed), "."],
  owner_set: (d) => [
    ...(d.owner === null ? ["removed the owner of "] : ["made ", name(d.owner), " the owner of "]),
    ...owned(d),
    ".",
  ],
  delegation_set: (d, roles) => [
    "named ",
    name(d.member),
    ` as substitute (${roleName(d.role, roles)}), from `,
    { at: text(d.from_at) },
    " until ",
    { at: text(d.until_at) },
    ".",
  ],
  delegation_ended: (d, roles) => [
    "ended that ",
    name(d.member),
    " is substitute of ",
    name(d.away),
    ` (${roleName(d.role, roles)}).`,
  ],
  freeze_set: (d) => [
    "froze ",
    environment(d),
    ...frozenFor(d),
    ` (“${text(d.reason)}”), `,
    { to: "settings/freezes", text: `freeze ${text(d.number)}` },
    ".",
  ],
  freeze_ended: (d) => [
    "ended ",
    { to: "settings/freezes", text: `freeze ${text(d.number)}` },
    " of ",
    environment(d),
    ` (“${text(d.reason)}”).`,
  ],
} satisfies Record<Action, (details: Details, roles: RoleNames) => SentencePart[]>;

/** The actions, as the filter lists them. */
export const actionNames = {
  deployment_recorded: "Deployments recorded",
  placement_corrected: "Corrections",
  release_made: "Releases created",
  release_marked_bad: "Releases marked as bad",
  release_mark_lifted: "Marks of bad releases lifted",
  promotion_asked: "Promotions requested",
  promotion_scheduled: "Promotions planned",
  promotion_due: "Planned moments that needed somebody",
  promotion_approved: "Promotions approved",
  promotion_rejected: "Promotions rejected",
  approval_withdrawn: "Approvals withdrawn",
  approval_expired: "Approvals expired",
  promotion_expired: "Promotions expired",
  checklist_ticked: "Checklist lines ticked",
  promotion_completed: "Promotions completed",
  forced_completion_reviewed: "Completions without the gate reviewed",
  promotion_cancelled: "Promotions cancelled",
  promotion_superseded: "Promotions superseded",
  promotion_commented: "Comments",
  person_invited: "People invited",
  person_renamed: "People renamed",
  role_given: "Roles given",
  role_taken: "Roles removed",
  account_closed: "Accounts closed",
  role_created: "Roles created",
  role_changed: "Roles changed",
  role_removed: "Roles deleted",
  password_reset: "Password-reset links created",
  token_created: "Tokens created",
  token_revoked: "Tokens revoked",
  guest_invited: "Guests invited",
  guest_revoked: "Guest invitations withdrawn",
  webhook_created: "Webhooks created",
  webhook_changed: "Webhooks changed",
  webhook_disabled: "Webhooks disabled",
  webhook_removed: "Webhooks removed",
  feed_created: "Secret addresses created",
  feed_revoked: "Secret addresses revoked",
  owner_set: "Owners set",
  delegation_set: "Substitutes named",
  delegation_ended: "Substitutes ended",
  freeze_set: "Freezes set",
  freeze_ended: "Freezes ended",
  site_created: "Site created",
  site_changed: "Site changed",
  environment_added: "Environments added",
  environment_changed: "Environments renamed",
  environment_moved: "Environments moved",
  environment_retired: "Environments retired",
  gate_changed: "Gates changed",
  server_added: "Servers added",
  server_removed: "Servers removed",
  visits_changed: "Visits to servers changed",
  findings_opened: "Findings opened",
  findings_settled: "Findings settled",
  finding_accepted: "Findings accepted",
  acceptance_undone: "Acceptances of findings undone",
} satisfies Record<Action, string>;

/** "had visits leave out the elements .counter." */
function maskChange({ masked, unmasked, kind }: Details): SentencePart[] {
  const what = kind === "selector" ? "the elements " : "what matches ";
  const does = masked === undefined ? "had visits compare again " : "had visits leave out ";
  return [does, what, name(masked ?? unmasked), "."];
}

const everyHours = ({ every_hours, after_deployments }: Details): string =>
  `${every_hours ? `every ${countOf(Number(every_hours), "hour")}` : "only on request"}${after_deployments === 0 ? ", not after deployments" : ""}`;

/** "observation, visited every hour" */
function reporter(d: Details): string {
  if (d.reporter === "people") return "people and machines";
  return `observation${d.every_hours === undefined ? "" : `, visited ${everyHours(d)}`}`;
}

/** "up to 4 pages at once with 100 ms between them, 5,000 pages at most, as its robots.txt allows, credentials Cookie" */
function visitSettings(d: Details): string {
  const { pages_at_once, pause_ms, max_pages, honours_robots, credentials, connect_to, link_depth, other_hosts } = d;
  const pace = `up to ${countOf(Number(pages_at_once), "page")} at once with ${text(pause_ms)} ms between them`;
  const robots = honours_robots ? "as its robots.txt allows" : "whatever its robots.txt says";
  const sent = credentials === undefined ? "" : credentials ? `, credentials ${text(credentials)}` : ", no credentials";
  const through = connect_to ? `, connecting to ${text(connect_to)}` : "";
  const links = link_depth ? `, following ${countOf(Number(link_depth), "link")}` : "";
  const others = other_hosts ? `, checking what is on ${joinWithAnd(text(other_hosts).split(" "))}` : "";
  return `${pace}, ${countOf(Number(max_pages), "page")} at most, ${robots}${through}${links}${others}${sent}`;
}

/** How often servers are visited, or how one of them is. */
const visitsChanged = (d: Details): SentencePart[] =>
  d.server === undefined
    ? ["changed how often Sitebook visits ", environment(d), `: ${everyHours(d)}.`]
    : ["changed how Sitebook visits the server ", name(d.server), " of ", environment(d), `: ${visitSettings(d)}.`];

/** Whether search engines may list an environment, or how the version of a software item is read from its servers. */
const dateTagChanged = (d: Details): SentencePart[] =>
  d.date_tag
    ? ["named the meta tag ", name(d.date_tag), " for the review dates of pages on ", environment(d), "."]
    : ["no longer has the review dates of pages on ", environment(d), " read."];

function checksChanged(d: Details): SentencePart[] {
  if (d.date_tag !== undefined) return dateTagChanged(d);
  if (d.software === undefined)
    return [
      "changed what Sitebook expects of ",
      environment(d),
      d.hidden ? ": search engines are not to list its pages." : ": search engines may list its pages.",
    ];
  if (d.how === undefined)
    return ["no longer has the version of ", name(d.software), " read from the servers of ", environment(d), "."];
  const kinds: Record<string, string> = { json: "JSON", header: "header", meta: "meta tag" };
  return [
    "changed how Sitebook reads the version of ",
    name(d.software),
    " from the servers of ",
    environment(d),
    `: ${kinds[text(d.how)]} `,
    name(d.name),
    " at ",
    name(d.path),
    ".",
  ];
}

/** "the server web of beta" */
const serverOf = (d: Details): SentencePart[] => ["the server ", name(d.server), " of ", environment(d)];

const findingCount = ({ count }: Details): string => countOf(Number(count), "finding");

/** "drifted, /sale" */
function found({ code, path }: Details): SentencePart[] {
  const kinds: Record<string, { word: string } | undefined> = findingKinds;
  const word = kinds[text(code)]?.word ?? text(code);
  if (typeof path !== "string" || !path) return [word];
  return [`${word}, `, artifactPart(path.startsWith("/") ? "page" : "software", path)];
}

const maxFoundListed = 3;

/** "drifted, /sale; missing, /about; and 4 more" */
function foundList({ findings, count }: Details): SentencePart[] {
  const shown = (Array.isArray(findings) ? (findings as Details[]) : []).slice(0, maxFoundListed);
  const more = Number(count) - shown.length;
  const listed = shown.flatMap((one, i) => [...(i > 0 ? ["; "] : []), ...found(one)]);
  return more > 0 ? [...listed, `; and ${formatCount(more)} more`] : listed;
}

function text(value: Json | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "(unnamed)";
}

/** What somebody named or wrote, set apart from the words around it. */
const name = (value: Json | undefined): SentencePart => ({ name: text(value) });

/** "Account manager": the name of then, which is not in the event; of a role without a name its slug. */
const roleName = (slug: Json | undefined, roles: RoleNames): string => roles[text(slug)] ?? text(slug);

const environment = (d: Details) => ({ to: `environments/${text(d.environment)}`, text: text(d.environment) });

const release = (d: Details) => ({
  to: `releases/${text(d.number)}`,
  text: `release ${text(d.number)}, ${text(d.name)}`,
});

const promotion = (number: Json | undefined) => ({
  to: `promotions/${text(number)}`,
  text: `promotion ${text(number)}`,
});

/** ", for the take-down of promotion 12 on" */
function madeFor({ rollback_of, rollback_in_part, take_down_of }: Details): SentencePart[] {
  if (take_down_of) return [", for the take-down of ", promotion(take_down_of), " on "];
  return rollback_of
    ? [`, for a rollback${inPart(rollback_in_part)} of `, promotion(rollback_of), " on "]
    : [", from "];
}

/** ": at 24 December 2026, 22:00, when the deployment happens by itself; taken down 2 January 2027, 08:00: its pages are removed" */
function plannedFor(details: Details): SentencePart[] {
  const { go_live_at, by_itself, take_down_at, take_down, take_down_redirect, take_down_by_itself } = details;
  const goLive: SentencePart[] = typeof go_live_at === "string" ? [": at ", { at: go_live_at }] : [];
  if (goLive.length && by_itself) goLive.push(", when the deployment happens by itself");
  if (typeof take_down_at !== "string") return goLive;
  const led = typeof take_down_redirect === "string" ? `, and visitors led to ${take_down_redirect}` : "";
  const what = take_down === "remove" ? `its pages are removed${led}` : "what was there before is restored";
  const how = `${take_down_by_itself ? ", by itself" : ""}: ${what}`;
  return [...goLive, goLive.length ? "; taken down " : ": taken down ", { at: take_down_at }, how];
}

function dueWords({ what, reason }: Details): string {
  const done = what === "take_down" ? "taken down" : "completed";
  return reason ? ` and could not be ${done}: ${text(reason)}` : ` and has to be ${done}.`;
}

/** ", as Ada had planned" */
const asPlanned = ({ planned_by }: Details): SentencePart[] =>
  planned_by ? [", as ", name(planned_by), " had planned"] : [];

const withoutGate = (d: Details): string => (d.forced ? ", without its gate" : "");

/** "beta, demo, live" */
const inOrder = (d: Details): SentencePart[] =>
  Array.isArray(d.names) ? d.names.flatMap((each, i) => [i ? ", " : "", name(each)]) : ["in another place"];

/** ", reviewed 1 of 6 pages", if there were any to review */
const reviewed = ({ reviewed, to_review }: Details): string =>
  typeof to_review === "number" ? `, reviewed ${formatCount(Number(reviewed))} of ${countOf(to_review, "page")}` : "";

/** ", 2 of them carried over from promotion 12" */
function carriedOver({ carried_over }: Details): string {
  const carried = carried_over as { promotion: number; pages: string[] } | undefined;
  return carried
    ? `, ${countOf(carried.pages.length, "page")} carried over from promotion ${text(carried.promotion)}`
    : "";
}

/** ", for Mara", if a substitute decided */
const forWhom = (d: Details): string => (typeof d.for === "string" ? `, for ${d.for}` : "");

/** ", with changes requested on 2 pages" */
const requestedChanges = ({ pages }: Details): string =>
  Array.isArray(pages) ? `, with changes requested on ${countOf(pages.length, "page")}` : "";

/** "3 changed, 1 unchanged, 1 out of band" */
function counted(d: Details): string {
  const parts = [d.changed ? `${text(d.changed)} changed` : "nothing changed"];
  if (d.unchanged) parts.push(`${text(d.unchanged)} unchanged`);
  if (d.out_of_band) parts.push(`${text(d.out_of_band)} out of band`);
  if (d.complete) parts.push("complete list");
  return parts.join(", ");
}

/** When it took effect, if it was recorded late, or seen some time after it happened. */
function effectiveSince(d: Details): SentencePart[] {
  const { effective_at, recorded_at, seen_otherwise_at } = d;
  if (typeof effective_at !== "string" || typeof recorded_at !== "string") return [];
  if (typeof seen_otherwise_at === "string")
    return [", which happened between ", { at: seen_otherwise_at }, " and ", { at: effective_at }];
  return isRecordedLate({ effective_at, recorded_at }) ? [", effective ", { at: effective_at }] : [];
}

/** "/sale v3 in deployment 12 on live", or "deployment 12 on live" for all of it */
function corrected(d: Details): SentencePart[] {
  const deployment = { to: `deployments/${text(d.number)}`, text: `deployment ${text(d.number)}` };
  if (typeof d.key !== "string") return [deployment, " on ", environment(d)];
  const artifact = artifactPart(d.kind, d.key);
  const line = d.version === null ? ["the removal of ", artifact] : [artifact, " ", name(d.version)];
  return [...line, " in ", deployment, " on ", environment(d)];
}

/** "/sale", or "12 pages in /docs" */
function owned(d: Details): SentencePart[] {
  if (typeof d.key === "string") return [artifactPart(d.kind, d.key)];
  const where = d.section ? ["in ", { name: `/${text(d.section)}` }] : ["at the top level"];
  if (!d.count) return ["pages recorded later ", ...where];
  return [
    `${countOf(Number(d.count), "page")} `,
    ...where,
    ...(d.later_pages ? [", also of pages recorded later"] : []),
  ];
}

const artifactPart = (kind: Json | undefined, key: string) => ({
  to: `artifacts/${text(kind)}?key=${encodeURIComponent(key)}`,
  text: key,
});

/** "; correct: v2 on live, deployment 14" */
function instead(d: Details): SentencePart[] {
  const right = d.instead as Details | undefined;
  if (!right) return [];
  const what: SentencePart[] = right.version === null ? ["removed from "] : [name(right.version), " on "];
  const deployment = { to: `deployments/${text(right.number)}`, text: `deployment ${text(right.number)}` };
  return ["; correct: ", ...what, environment(right), ", ", deployment];
}

/** "1 approval from Marketing" */
function approvalsRequired(d: Details, roles: RoleNames): string {
  const gate = d.gate as { requirements?: { role: string; count: number }[] } | null | undefined;
  const requirements = gate?.requirements ?? [];
  return requirements.length
    ? joinWithAnd(requirements.map(({ role, count }) => `${countOf(count, "approval")} from ${roleName(role, roles)}`))
    : "no approval";
}

/** "approvals: 1 from Marketing → 2 from Marketing; all pages must be reviewed: no → yes" */
function gateChange({ gate, before }: Details, roles: RoleNames): string {
  const [old, rules] = [rulesOf(before), rulesOf(gate)];
  if (!rules) return "(unnamed)";
  const slugs = [rules, old ?? rules].flatMap((one) => [
    ...one.requirements.map(({ role }) => role),
    ...one.rollback_roles,
  ]);
  return gateDifferences(old, rules, Object.fromEntries(slugs.map((slug) => [slug, roleName(slug, roles)]))).join("; ");
}

/** The rules that an event has, with the defaults that it leaves out; null if there was no gate. */
const rulesOf = (gate: Json | undefined): GateRules | null =>
  gate ? { ...gateDefaults, ...(gate as unknown as GateRules) } : null;

/** ", overriding freeze 3 (“a security fix”)" */
function overridden({ freezes, freeze_override }: Details): SentencePart[] {
  if (!Array.isArray(freezes)) return [];
  const link = { to: "settings/freezes", text: `freeze ${joinWithAnd(freezes.map(text))}` };
  return [", overriding ", link, ` (“${text(freeze_override)}”)`];
}

/** " from … to …, recurring every week, 3 times"; without an end " from … on" */
function frozenFor({ starts_at, ends_at, recurrence }: Details): SentencePart[] {
  const from = [" from ", { at: text(starts_at) }];
  if (typeof ends_at !== "string") return [...from, " on"];
  if (typeof recurrence !== "string") return [...from, " to ", { at: ends_at }];
  return [...from, " to ", { at: ends_at }, `, recurring ${recurrenceWords(recurrence) ?? `by ${recurrence}`}`];
}

/** "may record deployments and create releases" */
function mayWords(held: Json | undefined): string {
  const phrases = (Array.isArray(held) ? held.map(text) : [])
    .filter((permission) => permission !== "view")
    .map((permission) => permissionPhrases[permission as Permission] ?? permission);
  return phrases.length ? `may ${joinWithAnd(phrases)}` : "may see everything and change nothing";
}

function asRoles(slugs: Json | undefined, roles: RoleNames): string {
  const names = Array.isArray(slugs) ? slugs.map((slug) => roleName(slug, roles)) : [];
  return names.length ? ` as ${joinWithAnd(names)}` : "";
}
