import type { ChangeCounts, ReleaseSize } from "../../src/promotions/change-counts.ts";
import type { Promotion } from "../../src/promotions/queries.ts";
import { countOf, joinWithAnd } from "../../src/text.ts";

export const pieces = (count: number): string => countOf(count, "piece of software", "pieces of software");

/** '2 new pages, 3 changed and 1 removed'; nothing where no page changes. */
function pageChanges({ page }: ChangeCounts): string {
  const kinds = (["new", "changed", "removed"] as const).filter((kind) => page[kind] > 0);
  return joinWithAnd(kinds.map((kind, i) => `${page[kind]} ${kind}${i ? "" : page[kind] === 1 ? " page" : " pages"}`));
}

const softwareChanges = ({ software }: ChangeCounts) => software.new + software.changed + software.removed;

/** '2 new pages and 1 removed, with 2 pieces of software' */
export function changesInWords(tally: ChangeCounts): string {
  const [pages, software] = [pageChanges(tally), softwareChanges(tally)];
  const approvedLater = tally.page.unapproved + tally.software.unapproved;
  const moving = pages && software ? `${pages}, with ${pieces(software)}` : pages || (software ? pieces(software) : "");
  if (!approvedLater) return moving || "nothing that is not there already";
  return joinWithAnd([moving, `${approvedLater} there already without approval`].filter(Boolean));
}

type Place = { name: string; tier: string };

/** Where customers are, nobody speaks of environments. */
const toWhom = (place: Place) => (place.tier === "production" ? "customers" : place.name);

/** What the promotion does, in one sentence that anybody understands. */
export function lead(promotion: Promotion, tally: ChangeCounts, needed: boolean): string {
  const [pages, software] = [pageChanges(tally), softwareChanges(tally)];
  const with_ = pages && software ? `, with ${pieces(software)}${needed ? " they need" : ""}` : "";
  const subject = pages || (software ? pieces(software) : "");
  const count = pages ? tally.page.new + tally.page.changed + tally.page.removed : software;
  const there = already(promotion, tally);
  if (!subject) return there || `Everything in it is on ${promotion.environment.name} already: nothing changes.`;
  const onlyRemoved = count > 0 && count === tally.page.removed;
  const does = onlyRemoved ? `${beTaken(promotion, count)} away from` : `${goes(promotion, count)} to`;
  const what = onlyRemoved ? countOf(count, "page") : subject;
  const sentence = `${what} ${does} ${toWhom(promotion.environment)}${with_}.`;
  return there ? `${sentence} ${there}` : sentence;
}

function goes({ open, state }: Promotion, count: number): string {
  if (open) return count === 1 ? "goes" : "go";
  if (state === "completed") return "went";
  return count === 1 ? "was to go" : "were to go";
}

function beTaken({ open, state }: Promotion, count: number): string {
  if (open) return count === 1 ? "is taken" : "are taken";
  const was = count === 1 ? "was" : "were";
  return state === "completed" ? `${was} taken` : `${was} to be taken`;
}

function already({ environment }: Promotion, { page, software }: ChangeCounts): string {
  const count = page.unapproved + software.unapproved;
  if (!count) return "";
  return `${count} ${count === 1 ? "is" : "are"} on ${environment.name} already without anybody’s approval, and would be approved afterwards.`;
}

/** Whom an open promotion waits for. */
export function waitsFor({ requirements }: Pick<Promotion, "requirements">): string {
  const wanted = requirements.filter((one) => one.given < one.needed);
  return joinWithAnd(wanted.map(({ name, needed, given }) => (needed === 1 ? name : `${needed - given} of ${name}`)));
}

/** What completing is called: editors publish, everybody else moves. */
export const completing = ({ environment }: Pick<Promotion, "environment">): string =>
  environment.tier === "production" ? `Publish to ${environment.name}` : `Complete: move to ${environment.name}`;

/** What a release holds: '6 pages and 2 pieces of software' */
export const holds = ({ page, software }: ReleaseSize): string =>
  joinWithAnd([page ? countOf(page, "page") : "", software ? pieces(software) : ""].filter(Boolean));

export const stateWords = (promotion: Promotion): string =>
  promotion.state === "waiting" ? `waiting for ${waitsFor(promotion)}` : promotion.state;
