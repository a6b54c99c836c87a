import { serverAddress } from "../../views/parts/artifact.ts";
import { lead } from "../../views/promotions/words.ts";
import type { Environment } from "../access/environments.ts";
import { type SignedUpMember, signedUpMembers } from "../access/members.ts";
import { environmentById, findSiteById, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { plainText } from "../history/plain-text.ts";
import { type HistoryEvent, listEvents } from "../history/queries.ts";
import { sentence } from "../history/sentences.ts";
import { type PromotionDetails, promotionDetails } from "../promotions/assessment.ts";
import { promotionExpiry } from "../promotions/expiry-rules.ts";
import type { Need } from "../promotions/need-rules.ts";
import { listPromotions } from "../promotions/queries.ts";
import { countTicked } from "../promotions/review-sections.ts";
import { countOf, formatCount } from "../text.ts";
import { longTime } from "../time/format.ts";
import { needsOf } from "./needs.ts";
import { type NoticeKind, noticeReasons } from "./rules.ts";

/** A notice as its receiver reads it, in a mail of any form. */
export interface Message {
  site: { name: string; time_zone: string };
  /** The same for all notices of one conversation. */
  subject: string;
  /** What happened or is needed, in a sentence or two. */
  lead: string;
  /** Further sentences: how much changes, by when, a note, what blocks it, what a rejection asks for. */
  details: string[];
  changes: Line[];
  /** How many lines there are besides. */
  more: number;
  /** What can be done about it, the most important first. */
  actions: { text: string; url: string }[];
  /** Why the receiver gets it. */
  why: string;
}

export interface Line {
  word: "new" | "changed" | "removed";
  key: string;
  title: string | null;
  version: string | null;
}

export interface StoredNotice {
  id: string;
  site_id: string;
  person_id: string;
  kind: NoticeKind;
  seq: number;
  topic: string;
  promotion_id: string | null;
}

/** Why a notice is not sent any more: what it would say is not so by now. */
export interface Stopped {
  stopped: string;
}

const maxLines = 10;

/** What a notice says now, or why nothing has to be said any more. `baseUrl`: the address of Sitebook. */
export async function messageOf(
  db: Database,
  notice: StoredNotice,
  baseUrl: string,
  now: string,
): Promise<Message | Stopped> {
  const site = await findSiteById(db, notice.site_id);
  const [member] = await signedUpMembers(db, notice.site_id, notice.person_id);
  if (!site || !member) return { stopped: "The person has no role on this site any more." };
  const promotion = notice.promotion_id ? await detailsOf(db, site, notice.promotion_id, now) : undefined;
  const whyNot = whyNotAnyRole(notice.kind, member, promotion) ?? (await whyNotAnyMore(db, notice, member, now));
  if (whyNot) return { stopped: whyNot };
  const [event] = await listEvents(db, site.id, { seqs: [notice.seq] });
  const happened = event ? plainText(sentence(event), site.time_zone) : "";
  const address = `${baseUrl}/sites/${site.slug}`;
  const content = promotion
    ? aboutPromotion(site, notice.kind, promotion, isCause(notice.kind, event, promotion) ? happened : "", address)
    : notice.kind === "webhook_disabled"
      ? aboutWebhook(site, happened, address)
      : notice.kind === "findings" && event
        ? aboutFindings(site, event, happened, address)
        : await aboutDeployment(db, site, notice.topic, happened, address);
  return { site, why: `You get this ${noticeReasons[notice.kind]} on ${site.name}.`, ...content };
}

type Content = Omit<Message, "site" | "why">;

function aboutPromotion(
  site: Site,
  kind: NoticeKind,
  promotion: PromotionDetails,
  happened: string,
  address: string,
): Content {
  const changes = promotion.contents.flatMap(lineOf);
  return {
    subject: `${promotion.name}: promotion ${promotion.number} to ${promotion.environment.name}`,
    lead: leadOf(kind, promotion, happened),
    details: detailsIn(promotion, kind, site),
    changes: changes.slice(0, maxLines),
    more: Math.max(0, changes.length - maxLines),
    actions: [
      { text: actionWord(kind), url: `${address}/promotions/${promotion.number}` },
      ...openOnSource(environmentById(site, promotion.from_id), promotion, changes),
    ],
  };
}

const aboutWebhook = (site: Site, happened: string, address: string): Content => ({
  subject: `${site.name}: a webhook was disabled`,
  lead: happened,
  details: ["What happens from now on is not delivered to it until you enable it again."],
  changes: [],
  more: 0,
  actions: [{ text: "Open the webhooks", url: `${address}/settings/webhooks` }],
});

/** What a visit to a server found, as the event lists it. */
function aboutFindings(site: Site, { details }: HistoryEvent, happened: string, address: string): Content {
  const { environment, findings, count } = details as unknown as FoundDetails;
  const shown = findings.slice(0, maxLines);
  const sentences = shown.map(({ path, sentence }) => `${path}: ${sentence}`);
  const more = count - shown.length;
  const name = [...site.environments, ...site.retired].find(({ slug }) => slug === environment)?.name ?? environment;
  return {
    subject: `${site.name}: ${countOf(count, "finding")} on ${name}`,
    lead: happened,
    details: more > 0 ? [...sentences, `And ${formatCount(more)} more.`] : sentences,
    changes: [],
    more: 0,
    actions: [{ text: "Open the findings", url: `${address}/findings?environment=${environment}` }],
  };
}

interface FoundDetails {
  environment: string;
  count: number;
  findings: { path: string; sentence: string }[];
}

async function aboutDeployment(
  db: Database,
  site: Site,
  id: string,
  happened: string,
  address: string,
): Promise<Content> {
  const { lines, total, number } = await deployedLines(db, id);
  return {
    subject: `${site.name}: ${happened.replace(/[:.].*/s, "")}`,
    lead: happened,
    details: [],
    changes: lines,
    more: total - lines.length,
    actions: [{ text: "Open the deployment", url: `${address}/deployments/${number}` }],
  };
}

/** What is needed by now may follow from the clock alone, and has then nothing to do with the event before. */
const isCause = (kind: NoticeKind, event: HistoryEvent | undefined, { number }: PromotionDetails): boolean =>
  !needsOfKind[kind] || event?.subject === `promotion ${number}`;

async function detailsOf(db: Database, site: Site, id: string, now: string): Promise<PromotionDetails | undefined> {
  const [promotion] = await listPromotions(db, site.id, { ids: [id] });
  return promotion && promotionDetails(db, site.id, promotion.number, now);
}

/** Some are only for who has a certain role, which the receiver may have lost between the event and the sending. */
function whyNotAnyRole(
  kind: NoticeKind,
  { roles, permissions }: SignedUpMember,
  promotion: PromotionDetails | undefined,
): string | undefined {
  if (kind === "webhook_disabled" && !permissions.has("administer")) return "The person is no administrator any more.";
  const approving = promotion?.gate?.requirements.map(({ role }) => role) ?? [];
  if (kind === "without_gate" && !roles.some((role) => approving.includes(role)))
    return "The person has no role any more that approves it.";
}

const needsOfKind: Partial<Record<NoticeKind, Need[]>> = {
  approval_needed: ["decision"],
  completion_needed: ["completion", "due"],
  request_blocked: ["settlement"],
};

/** Between the event and the sending somebody may have acted, or the receiver lost a role. */
async function whyNotAnyMore(
  db: Database,
  { kind, site_id, promotion_id }: StoredNotice,
  { person }: SignedUpMember,
  now: string,
): Promise<string | undefined> {
  const expected = needsOfKind[kind];
  if (!expected || !promotion_id) return;
  const current = await needsOf(db, site_id, now, [promotion_id]);
  const isNeeded = current.some(({ member, need }) => member.person.id === person.id && expected.includes(need));
  return isNeeded ? undefined : "Nothing is needed from this person any more.";
}

function leadOf(kind: NoticeKind, { environment, number }: PromotionDetails, happened: string): string {
  if (kind === "approval_needed") return `Your approval is needed for ${environment.name}. ${happened}`.trim();
  if (kind === "completion_needed")
    return `Promotion ${number} can be marked as on ${environment.name} now. ${happened}`.trim();
  if (kind === "request_blocked")
    return `Promotion ${number}, which you requested, cannot go on as it is. ${happened}`.trim();
  return happened;
}

const actionWord = (kind: NoticeKind): string => (kind === "approval_needed" ? "Review" : "Open the promotion");

function detailsIn(promotion: PromotionDetails, kind: NoticeKind, site: Site): string[] {
  const { open, schedule, note, blockers, approvals } = promotion;
  const due = schedule?.go_live_at ?? promotionExpiry(promotion);
  const rejection = approvals.find(({ decision }) => decision === "reject");
  return [
    kind === "request_blocked" ? "" : lead(promotion, countTicked(promotion.contents, new Set()), false),
    open && due ? `${schedule?.go_live_at ? "Planned for" : "It expires on"} ${longTime(due, site.time_zone)}.` : "",
    open && note ? `${promotion.asked_by} wrote: “${note}”` : "",
    ...(kind === "request_blocked" ? blockers.map(({ message }) => message) : []),
    ...(kind === "request_decided" && rejection ? rejectionDetails(rejection) : []),
  ].filter(Boolean);
}

function rejectionDetails({ person, comment, pages }: PromotionDetails["approvals"][number]): string[] {
  return [comment ? `${person} wrote: “${comment}”` : "", ...pages.map((page) => `${page.key}: “${page.comment}”`)];
}

function lineOf({ change, key, title, version }: PromotionDetails["contents"][number]): Line[] {
  if (change === "same") return [];
  return [{ word: change === "unapproved" ? "changed" : change, key, title, version }];
}

/** The first changed page as testers see it, where the source environment has an address. */
function openOnSource({ name, servers }: Environment, { open }: PromotionDetails, changes: Line[]): Message["actions"] {
  const page = changes.find(({ key, word }) => key.startsWith("/") && word !== "removed");
  const [server] = servers;
  if (!open || !page || !server) return [];
  return [{ text: `See on ${name}`, url: serverAddress(server.base_url, page.key) }];
}

async function deployedLines(db: Database, id: string): Promise<{ lines: Line[]; total: number; number: number }> {
  const placements = db
    .selectFrom("placements as p")
    .innerJoin("artifacts as a", "a.id", "p.artifact_id")
    .leftJoin("versions as v", "v.id", "p.version_id")
    .where("p.deployment_id", "=", id);
  const rows = await placements
    .select(["a.key", "a.title", "v.label as version"])
    .orderBy("a.kind")
    .orderBy("a.key")
    .limit(maxLines)
    .execute();
  const { total } = await placements.select((eb) => eb.fn.countAll<number>().as("total")).executeTakeFirstOrThrow();
  const { number } = await db.selectFrom("deployments").select("number").where("id", "=", id).executeTakeFirstOrThrow();
  const lines = rows.map((row): Line => ({ ...row, word: row.version === null ? "removed" : "changed" }));
  return { lines, total, number };
}
