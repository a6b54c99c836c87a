import type { ChangeCounts, ReleaseSize } from "../../src/promotions/change-counts.ts";
import type { Promotion } from "../../src/promotions/queries.ts";
import type { ChangedSince } from "../../src/promotions/since-completion.ts";
import { countOf, formatCount, joinWithAnd } from "../../src/text.ts";

export const softwareItems = (count: number): string => countOf(count, "software item");

/** "2 new pages, 3 changed and 1 removed"; empty if no page changes. */
function pageChanges({ page }: ChangeCounts): string {
  const kinds = (["new", "changed", "removed"] as const).filter((kind) => page[kind] > 0);
  return joinWithAnd(
    kinds.map((kind, i) => `${formatCount(page[kind])} ${kind}${i ? "" : page[kind] === 1 ? " page" : " pages"}`),
  );
}

const softwareChanges = ({ software }: ChangeCounts) => software.new + software.changed + software.removed;

const unapproved = ({ page, software }: ChangeCounts) => page.unapproved + software.unapproved;

/** "2 new pages and 1 removed, with 2 software items" */
export function changesInWords(changes: ChangeCounts): string {
  const [pages, software] = [pageChanges(changes), softwareChanges(changes)];
  const withSoftware = pages ? `${pages}, with ${softwareItems(software)}` : softwareItems(software);
  const moving = software ? withSoftware : pages;
  if (!unapproved(changes)) return moving || "no changes";
  return joinWithAnd([moving, `${formatCount(unapproved(changes))} already there without approval`].filter(Boolean));
}

/** "live"; or "live on www", if an environment that customers see has another name. */
const live = ({ name }: Promotion["environment"]) => (/^live$/i.test(name) ? "live" : `live on ${name}`);

/** Where the contents are once the promotion is completed: "live", "on demo". Buttons say "Mark as", since Sitebook deploys nothing. */
export const whereCompleted = ({ environment }: Pick<Promotion, "environment">): string =>
  environment.tier === "production" ? live(environment) : `on ${environment.name}`;

/** What the promotion does, in up to three sentences for people who do not know its terms. */
export function lead(promotion: Promotion, changes: ChangeCounts, softwareIsNeeded: boolean): string {
  if (promotion.rollback_of) return rollbackLead(promotion, changes);
  const { page } = changes;
  const [moving, software] = [page.new + page.changed, softwareChanges(changes)];
  const pages = pageChanges({ ...changes, page: { ...page, removed: 0 } });
  const needs = moving === 1 ? " it needs" : " they need";
  const along = software ? `, with ${softwareItems(software)}${softwareIsNeeded ? needs : ""}` : "";
  const sentences = [
    moving && `${pages} ${goes(promotion, moving)}${along}.`,
    page.removed && `${countOf(page.removed, "page")} ${isRemoved(promotion, page.removed)}.`,
    !moving && software && `${softwareItems(software)} ${goes(promotion, software)}.`,
    unapproved(changes) && alreadyThere(promotion, unapproved(changes)),
  ].filter((sentence) => typeof sentence === "string");
  return sentences.join(" ") || `Everything in it is already on ${promotion.environment.name}. Nothing changes.`;
}

/** What a rollback puts back, against what is there now. */
function rollbackLead(promotion: Promotion, changes: ChangeCounts): string {
  const { rollback_of, rollback_in_part, open, state, environment, is_take_down } = promotion;
  if (is_take_down) {
    const takes = open ? "Will take down" : state === "completed" ? "Took down" : "Was to take down";
    return `${takes} what promotion ${rollback_of} brought to ${environment.name}: ${changesInWords(changes)}. The approvals of that promotion cover it.`;
  }
  const what = rollback_in_part ? "part of what" : "what";
  const puts = open ? "Will put back" : state === "completed" ? "Put back" : "Was to put back";
  return `${puts} ${what} promotion ${rollback_of} replaced on ${environment.name}: ${changesInWords(changes)}.`;
}

function goes(promotion: Promotion, count: number): string {
  const { open, state, environment } = promotion;
  const where = environment.tier === "production" ? live(environment) : `to ${environment.name}`;
  if (open) return `will go ${where}`;
  if (state === "completed") return `went ${where}`;
  return `${count === 1 ? "was" : "were"} to go ${where}`;
}

function isRemoved({ open, state, environment }: Promotion, count: number): string {
  const were = count === 1 ? "was" : "were";
  const removed = open ? "will be removed" : state === "completed" ? `${were} removed` : `${were} to be removed`;
  return `${removed} from ${environment.name}`;
}

const alreadyThere = ({ environment }: Promotion, count: number): string =>
  `${countOf(count, "item")} ${count === 1 ? "is" : "are"} already on ${environment.name} without approval and would be approved afterwards.`;

/** Whose approvals an open promotion is waiting for: "Marketing and Tester", "1 more approval from Marketing, and for Tester". */
export function missingApprovals({ requirements }: Pick<Promotion, "requirements">): string {
  const missing = requirements.filter(({ given, needed }) => given < needed);
  const [single, several] = [missing.filter(({ needed }) => needed === 1), missing.filter(({ needed }) => needed > 1)];
  const counted = several.map(
    ({ name, needed, given }) => `${countOf(needed - given, given ? "more approval" : "approval")} from ${name}`,
  );
  const names = joinWithAnd(single.map((role) => role.name));
  return [joinWithAnd(counted), names].filter(Boolean).join(", and for ");
}

/** What a release contains: "6 pages and 2 software items" */
export const sizeInWords = ({ page, software }: ReleaseSize): string =>
  joinWithAnd([page ? countOf(page, "page") : "", software ? softwareItems(software) : ""].filter(Boolean));

export function stateInWords(promotion: Promotion): string {
  if (promotion.state === "waiting") return `waiting for ${missingApprovals(promotion)}`;
  const { completion } = promotion;
  if (completion?.forced) return "completed without its gate";
  return completion?.corrected ? "completed, corrected since" : promotion.state;
}

/** Of an open promotion that cannot go on as it is. */
export const blockedInWords = ({ state }: Pick<Promotion, "state">): string =>
  state === "approved" ? "approved, but blocked" : "blocked";

/**
 * Where a completed promotion's contents are by now, to follow "It": "is on demo"; "was on demo from … to …; v9 is there
 * now". `show` formats a moment.
 */
export function whereItIs(
  { environment, completion }: Pick<Promotion, "environment" | "completion">,
  changed: ChangedSince[],
  size: number,
  show: (iso: string) => string,
): string {
  const place = `on ${environment.name}`;
  if (!changed.length || !completion) return `is ${place}`;
  if (changed.length < size) return `is ${place}, but not all of it: ${changedWords(changed, show)}`;
  const ends = changed.flatMap(({ at }) => at ?? []).sort();
  const end = ends.at(-1);
  const was = end ? `was ${place} from ${show(completion.effective_at)} to ${show(end)}` : `is no longer ${place}`;
  return `${was}; ${size === 1 ? nowThere(changed[0]?.version) : "all of it has changed there since"}`;
}

/** "/sale is v9 since 3 March 2026, 14:00 and /old was removed, and 2 more" */
export function changedWords(changed: ChangedSince[], show: (iso: string) => string): string {
  const lines = changed.slice(0, 3).map(({ key, version, at }) => {
    const since = at ? ` since ${show(at)}` : "";
    return version === null ? `${key} is removed${since}` : `${key} is ${version}${since}`;
  });
  const more = changed.length - lines.length;
  return more ? `${lines.join(", ")} and ${more} more` : joinWithAnd(lines);
}

const nowThere = (version: string | null | undefined): string =>
  version ? `${version} is there now` : "it is removed now";
