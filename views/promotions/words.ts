import type { ChangeCounts, ReleaseSize } from "../../src/promotions/change-counts.ts";
import type { Promotion } from "../../src/promotions/queries.ts";
import { countOf, joinWithAnd } from "../../src/text.ts";

export const softwareItems = (count: number): string => countOf(count, "software item");

/** "2 new pages, 3 changed and 1 removed"; empty if no page changes. */
function pageChanges({ page }: ChangeCounts): string {
  const kinds = (["new", "changed", "removed"] as const).filter((kind) => page[kind] > 0);
  return joinWithAnd(kinds.map((kind, i) => `${page[kind]} ${kind}${i ? "" : page[kind] === 1 ? " page" : " pages"}`));
}

const softwareChanges = ({ software }: ChangeCounts) => software.new + software.changed + software.removed;

const unapproved = ({ page, software }: ChangeCounts) => page.unapproved + software.unapproved;

/** "2 new pages and 1 removed, with 2 software items" */
export function changesInWords(changes: ChangeCounts): string {
  const [pages, software] = [pageChanges(changes), softwareChanges(changes)];
  const withSoftware = pages ? `${pages}, with ${softwareItems(software)}` : softwareItems(software);
  const moving = software ? withSoftware : pages;
  if (!unapproved(changes)) return moving || "no changes";
  return joinWithAnd([moving, `${unapproved(changes)} already there without approval`].filter(Boolean));
}

type Target = Pick<Promotion, "environment">["environment"];

/** "live", or "live on www" if the environment where customers are has another name. */
const live = ({ name }: Target) => (/^live$/i.test(name) ? "live" : `live on ${name}`);

/** Where the contents are once the promotion is completed: "live", "on demo". Buttons say "Mark as", since Sitebook deploys nothing. */
export const whereCompleted = ({ environment }: Pick<Promotion, "environment">): string =>
  environment.tier === "production" ? live(environment) : `on ${environment.name}`;

/** What the promotion does, in one or two sentences for people who do not know its terms. */
export function lead(promotion: Promotion, changes: ChangeCounts, softwareIsNeeded: boolean): string {
  const { environment } = promotion;
  const [pages, software] = [pageChanges(changes), softwareChanges(changes)];
  const subject = pages || (software ? softwareItems(software) : "");
  const already = unapproved(changes) ? alreadyThere(promotion, unapproved(changes)) : "";
  if (!subject) return already || `Everything in it is already on ${environment.name}. Nothing changes.`;
  const count = pages ? changes.page.new + changes.page.changed + changes.page.removed : software;
  const onlyRemoved = count === changes.page.removed;
  const what = onlyRemoved ? countOf(count, "page") : subject;
  const happens = onlyRemoved ? `${removed(promotion, count)} from ${environment.name}` : moves(promotion, count);
  const along = pages && software ? `, with ${softwareItems(software)}${softwareIsNeeded ? " they need" : ""}` : "";
  return `${what} ${happens}${along}.${already && ` ${already}`}`;
}

function moves({ open, state, environment }: Promotion, count: number): string {
  const where = environment.tier === "production" ? live(environment) : `to ${environment.name}`;
  if (open) return `will go ${where}`;
  if (state === "completed") return `went ${where}`;
  return `${count === 1 ? "was" : "were"} to go ${where}`;
}

function removed({ open, state }: Promotion, count: number): string {
  if (open) return "will be removed";
  return `${count === 1 ? "was" : "were"} ${state === "completed" ? "" : "to be "}removed`;
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

export const stateInWords = (promotion: Promotion): string =>
  promotion.state === "waiting" ? `waiting for ${missingApprovals(promotion)}` : promotion.state;
