import type { Json } from "../database/canonical-json.ts";
import type { Action } from "../record/events.ts";
import { isRecordedLate } from "../time/recorded-late.ts";
import type { HistoryEvent } from "./queries.ts";

/** A piece of a sentence: words, a link to a page of the site, or a moment. */
export type Words = string | { to: string; text: string } | { at: string };

type Details = HistoryEvent["details"];

/** An event as a sentence, with the names as they were then. */
export function sentence({ action, details }: Pick<HistoryEvent, "action" | "details">): Words[] {
  return [`${text(details.person)} `, ...sentences[action](details)];
}

const sentences = {
  site_created: (d) => [`made the site ${text(d.name)}.`],
  site_changed: (d) => [`changed the site: it is called ${text(d.name)} and its times are ${text(d.time_zone)}.`],
  environment_added: (d) => ["added the environment ", place(d), asks(d)],
  environment_changed: (d) => [
    `renamed the environment ${text(d.before)} to `,
    { ...place(d), text: text(d.name) },
    ".",
  ],
  server_added: (d) => [`added the server ${text(d.name)}, ${text(d.base_url)}, to `, place(d), "."],
  server_removed: (d) => [`removed the server ${text(d.name)}, ${text(d.base_url)}, from `, place(d), "."],
  deployment_recorded: (d) => [
    "recorded ",
    { to: `deployments/${text(d.number)}`, text: `deployment ${text(d.number)}` },
    " on ",
    place(d),
    ...(d.promotion ? [" for ", promotion(d.promotion)] : []),
    `: ${counted(d)}`,
    ...late(d),
    ".",
  ],
  placement_corrected: (d) => [
    d.stands ? "took back a correction: " : "corrected ",
    ...corrected(d),
    d.stands ? " stands as it was recorded" : "",
    ` (“${text(d.reason)}”)`,
    ...instead(d),
    ".",
  ],
  release_made: (d) => [
    "made ",
    { to: `releases/${text(d.number)}`, text: `release ${text(d.number)}, ${text(d.name)}` },
    ", of what stood on ",
    place(d),
    ".",
  ],
  promotion_asked: (d) => [
    "asked for ",
    promotion(d.number),
    `: ${text(d.name)} from ${text(d.from)} to `,
    place(d),
    ".",
  ],
  promotion_approved: (d) => [
    "approved ",
    promotion(d.number),
    `, ${text(d.name)}, for `,
    place(d),
    `, as ${words(d.role)}.`,
  ],
  promotion_rejected: (d) => [
    "rejected ",
    promotion(d.number),
    `, ${text(d.name)}, for `,
    place(d),
    `, as ${words(d.role)}.`,
  ],
  promotion_cancelled: (d) => ["cancelled ", promotion(d.number), `, ${text(d.name)}, for `, place(d), "."],
  promotion_superseded: (d) => [
    "superseded ",
    promotion(d.number),
    `, ${text(d.name)}, for `,
    place(d),
    ", by ",
    promotion(d.by),
    ".",
  ],
  promotion_completed: (d) => ["completed ", promotion(d.number), `: ${text(d.name)} is on `, place(d), "."],
  person_invited: (d) => [`invited ${text(d.member)}${asRoles(d.roles)}.`],
  role_given: (d) => [`gave ${text(d.member)} the role ${words(d.role)}.`],
  role_taken: (d) => [`took the role ${words(d.role)} from ${text(d.member)}.`],
  password_reset: (d) => [`made a link for ${text(d.member)} to choose a new password.`],
  token_created: (d) => [
    `made the token ${text(d.token)}${asRoles(d.roles)}`,
    ...(typeof d.expires_at === "string" ? [", until ", { at: d.expires_at }] : []),
    ".",
  ],
  token_revoked: (d) => [`revoked the token ${text(d.token)}.`],
} satisfies Record<Action, (details: Details) => Words[]>;

/** The kinds of events, as a filter names them. */
export const actionNames = {
  deployment_recorded: "Deployments recorded",
  placement_corrected: "Corrections",
  release_made: "Releases made",
  promotion_asked: "Promotions asked for",
  promotion_approved: "Promotions approved",
  promotion_rejected: "Promotions rejected",
  promotion_completed: "Promotions completed",
  promotion_cancelled: "Promotions cancelled",
  promotion_superseded: "Promotions superseded",
  person_invited: "People invited",
  role_given: "Roles given",
  role_taken: "Roles taken away",
  password_reset: "Passwords reset",
  token_created: "Tokens made",
  token_revoked: "Tokens revoked",
  site_created: "The site made",
  site_changed: "The site changed",
  environment_added: "Environments added",
  environment_changed: "Environments renamed",
  server_added: "Servers added",
  server_removed: "Servers removed",
} satisfies Record<Action, string>;

function text(value: Json | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "somebody or something unnamed";
}

/** A slug, as it is read. */
const words = (value: Json | undefined): string => text(value).replaceAll("-", " ");

const place = (d: Details) => ({ to: `environments/${text(d.environment)}`, text: text(d.environment) });

const promotion = (number: Json | undefined) => ({
  to: `promotions/${text(number)}`,
  text: `promotion ${text(number)}`,
});

/** "3 changed, 1 as before, 1 of them out of band" */
function counted(d: Details): string {
  const parts = [d.changed ? `${text(d.changed)} changed` : "nothing changed"];
  if (d.unchanged) parts.push(`${text(d.unchanged)} as before`);
  if (d.out_of_band) parts.push(`${text(d.out_of_band)} out of band`);
  if (d.complete) parts.push("told as everything that stood there");
  return parts.join(", ");
}

/** Since when it was so, if it was recorded late. */
function late(d: Details): Words[] {
  const { effective_at, recorded_at } = d;
  if (typeof effective_at !== "string" || typeof recorded_at !== "string") return [];
  return isRecordedLate({ effective_at, recorded_at }) ? [", so since ", { at: effective_at }] : [];
}

/** "/sale v3 of deployment 12 on live", or all of it */
function corrected(d: Details): Words[] {
  const deployment = { to: `deployments/${text(d.number)}`, text: `deployment ${text(d.number)}` };
  if (typeof d.key !== "string") return [deployment, " on ", place(d)];
  const page = { to: `artifacts/${text(d.kind)}?key=${encodeURIComponent(d.key)}`, text: d.key };
  return [page, d.version === null ? " as removed" : ` ${text(d.version)}`, " in ", deployment, " on ", place(d)];
}

function instead(d: Details): Words[] {
  const right = d.instead as Details | undefined;
  if (!right) return [];
  const what = right.version === null ? "that it was removed" : text(right.version);
  const to = { to: `deployments/${text(right.number)}`, text: `deployment ${text(right.number)}` };
  return [`; right is ${what} on `, place(right), ", ", to];
}

function asks(d: Details): string {
  const gate = d.gate as { requirements?: { role: string; count: number }[] } | null | undefined;
  const asked = gate?.requirements?.map(({ role, count }) => `${count} ${words(role)}`) ?? [];
  return asked.length ? `, with a gate that asks ${asked.join(" and ")}.` : ", with no gate.";
}

function asRoles(roles: Json | undefined): string {
  const names = Array.isArray(roles) ? roles.map(words) : [];
  return names.length ? ` as ${names.join(" and ")}` : "";
}
