import { sha256 } from "../../src/database/ids.ts";
import { addMs } from "../../src/time/add.ts";
import type { Ledger } from "./ledger.ts";
import { pick, promotionsFor, type Random, type RequestOf, recent, recentPromotions } from "./random-choices.ts";
import { pastMoment } from "./random-deployment.ts";

/** Within 30 hours, which are over after five steps of the clock. */
const laterToday = (now: string, random: Random): string => addMs(now, Math.ceil(random() * 30 * 3_600_000));

/** The one role that a gate of the torture asks for. */
const roleFor = (to: string) => (to === "demo" ? "tester" : "marketing");

type OnPromotions =
  | "promotion"
  | "decision"
  | "completion"
  | "cancellation"
  | "withdrawal"
  | "tick"
  | "comment"
  | "rollback"
  | "break-glass"
  | "review";

export const promotionWrites: { [T in OnPromotions]: RequestOf<T> } = {
  promotion({ ledger, mark: note, random, now }) {
    const plan = random() < 0.4 ? { go_live_at: laterToday(now, random), by_itself: random() < 0.6 } : {};
    const onDemo = recentPromotions(ledger).filter(
      ({ to, state, isRollback }) => to === "demo" && state === "completed" && !isRollback,
    );
    const forLive = onDemo.find(({ release }) => isRequestable(ledger, release, "live"))?.release;
    if (forLive) return { type: "promotion", body: { release: forLive, to: "live", note, ...plan } };
    const numbers = recent(ledger, "release").map(({ answer }): number => answer.number);
    const release = pick(
      numbers.filter((number) => isRequestable(ledger, number, "demo")),
      random,
    );
    return release ? { type: "promotion", body: { release, to: "demo", note, ...plan } } : undefined;
  },
  decision(moment) {
    const { by, mark: comment, random } = moment;
    const isSubstitute = "session" in by.credentials && random() < 0.3;
    const isOwn = (to: string) => (roleFor(to) === by.role) !== isSubstitute;
    const [promotion] = promotionsFor(moment, "decision", "waiting").filter(({ to }) => isOwn(to));
    if (!promotion) return;
    const digest = random() < 0.05 ? sha256(comment) : promotion.digest;
    const decision = random() < 0.92 ? "approve" : "reject";
    const role = roleFor(promotion.to);
    return { type: "decision", on: promotion.number, body: { decision, digest, comment, role } };
  },
  completion(moment) {
    const { by, mark, random } = moment;
    const open = promotionsFor(moment, "completion", "approved", "waiting");
    const [promotion] = open.filter(
      ({ state, isPlanned }) => random() < (isPlanned ? 0.1 : 1) * (state === "approved" ? 1 : 0.02),
    );
    const late = "token" in by.credentials && random() < 0.2 ? { effective_at: pastMoment(random) } : {};
    const override = by.role === "administrator" && random() < 0.5 ? { freeze_override: mark } : {};
    return promotion && { type: "completion", on: promotion.number, body: { ...late, ...override } };
  },
  cancellation(moment) {
    const promotion = pick(promotionsFor(moment, "cancellation", "waiting", "approved"), moment.random);
    return promotion && { type: "cancellation", on: promotion.number, body: { reason: moment.mark } };
  },
  withdrawal({ ledger, by, mark: reason, random }) {
    const own = pick(
      recent(ledger, "decision").filter((write) => write.by === by && write.body.decision === "approve"),
      random,
    );
    const promotion = own && ledger.promotions.get(own.on);
    const isOpen = promotion?.state === "waiting" || promotion?.state === "approved";
    if (!isOpen || promotion.turns.has(`${by.name} withdrawal`)) return;
    return { type: "withdrawal", on: promotion.number, body: { reason } };
  },
  tick(moment) {
    const completes = ["account-manager", "administrator"].includes(moment.by.role);
    const open = promotionsFor(moment, "tick", "waiting", "approved").filter(({ checklist }) => checklist.length);
    // a rollback may need no approval, and then has no approvers
    const promotion = open.find(({ to, isRollback }) => completes || (roleFor(to) === moment.by.role && !isRollback));
    const line = pick(promotion?.checklist ?? [], moment.random);
    if (!promotion || !line) return;
    return { type: "tick", on: promotion.number, body: { line, ticked: moment.random() < 0.85 } };
  },
  comment({ ledger, mark: comment, random }) {
    const promotion = pick(recentPromotions(ledger), random);
    return promotion && { type: "comment", on: promotion.number, body: { comment } };
  },
  rollback(moment) {
    const promotion = pick(promotionsFor(moment, "rollback", "completed"), moment.random);
    return promotion && { type: "rollback", on: promotion.number, body: { reason: moment.mark } };
  },
  "break-glass"(moment) {
    const promotion = pick(promotionsFor(moment, "break-glass", "waiting"), moment.random);
    return promotion && { type: "break-glass", on: promotion.number, body: { reason: moment.mark } };
  },
  review(moment) {
    const open = promotionsFor(moment, "review", "completed").filter(({ isUnreviewed }) => isUnreviewed);
    const promotion = open.find(({ to }) => roleFor(to) === moment.by.role);
    return promotion && { type: "review", on: promotion.number, body: { review: moment.mark } };
  },
};

/** Whether nobody has requested it yet, and it is not known to be marked as bad. */
function isRequestable({ promotions, bad }: Ledger, release: number, to: string): boolean {
  return !bad.has(release) && ![...promotions.values()].some((known) => known.release === release && known.to === to);
}
