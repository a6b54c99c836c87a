import { canonical } from "../database/canonical.ts";
import { newId, sha256 } from "../database/id.ts";
import { intent } from "../database/intent.ts";
import type { Database } from "../database/open.ts";
import { deploy, nextNumber } from "../deployments/deploy.ts";
import { instant, whyNotText, whyNotWhen } from "../deployments/rules.ts";
import { before, type Environment, type Gate } from "../environments/queries.ts";
import { missing, Refusal, refuse, refuseFields } from "../errors.ts";
import { append } from "../history/events.ts";
import type { By } from "../people/by.ts";
import { whyNotMay } from "../people/roles.ts";
import { contentsOf, findRelease } from "../releases/queries.ts";
import type { Site } from "../sites/queries.ts";
import { type PromotionDetails, promotionDetails, weigh } from "./details.ts";
import { listPromotions, type Promotion } from "./queries.ts";
import {
  type Decision,
  requirementsOf,
  rolesToDecide,
  whyClosed,
  whyNotComment,
  whyNotDecide,
  whyNotDigest,
  whyNotReason,
} from "./rules.ts";

export interface Wish {
  /** The release's number. */
  release: number;
  /** The slug of the environment to move it into. */
  to: string;
  note?: string | undefined;
}

/** Asks to move a release into an environment. A request for all that an older open one holds takes its place. */
export function ask(db: Database, by: By, site: Site, wish: Wish): Promise<PromotionDetails> {
  refuse(whyNotMay(by, "promote"), 403);
  const wrong = whyNotText("A note", wish.note, 10_000);
  if (wrong) refuseFields([{ path: "note", message: wrong }]);
  return intent(db, by, site.id, async (trx) => {
    const { release, environment, from } = await destination(trx, site, wish);
    const digest = promotionDigest(site, release, environment);
    const open = await listPromotions(trx, site.id, { open: true, environment: environment.id, limit: 1000 });
    const same = open.find((one) => one.digest === digest);
    if (same) throw new Refusal(409, `Promotion ${same.number} already asks for this.`, { code: "already_asked" });
    const { contents } = await weighUp(trx, site, by, release, environment, from);
    if (contents.every((one) => one.change === "same"))
      throw new Refusal(409, `${environment.name} already holds all of release ${release.number}.`, {
        code: "nothing_to_change",
      });
    const row = {
      id: newId(Date.parse(by.at)),
      site_id: site.id,
      number: await nextNumber(trx, site.id, "promotions"),
      release_id: release.id,
      from_id: from.id,
      environment_id: environment.id,
      gate_id: environment.gate?.id ?? null,
      digest,
      note: wish.note?.trim() || null,
      person_id: by.person.id,
      asked_at: by.at,
    };
    await trx.insertInto("promotions").values(row).execute();
    await trx
      .insertInto("open_promotions")
      .values({ promotion_id: row.id, site_id: site.id, environment_id: environment.id })
      .execute();
    await append(trx, by, site.id, {
      ...about(row, environment),
      action: "promotion_asked",
      details: { ...row, release: release.number, name: release.name, environment: environment.slug, from: from.slug },
    });
    for (const older of open) await supersede(trx, by, site, older, { ...row, environment, contents });
    return details(trx, site, row.number);
  });
}

/** What would stand in the way of a release if it were asked for now. */
export async function canPromote(db: Database, by: By, site: Site, wish: Wish) {
  const { release, environment, from } = await destination(db, site, wish);
  const { blockers } = await weighUp(db, site, by, release, environment, from);
  return { allowed: !blockers.length, blockers };
}

async function destination(db: Database, site: Site, wish: Wish) {
  const release = (await findRelease(db, site.id, wish.release)) ?? missing(`release ${wish.release}`);
  const environment =
    site.environments.find((one) => one.slug === wish.to) ?? missing(`environment "${wish.to.slice(0, 60)}"`);
  const from = before(site.environments, environment);
  if (!from)
    throw new Refusal(409, `Everything begins on ${environment.name}: it takes deployments, not promotions.`, {
      code: "first_environment",
    });
  return { release, environment, from };
}

function weighUp(
  db: Database,
  site: Site,
  by: By,
  release: { id: string; digest: string },
  environment: Environment,
  from: Environment,
) {
  const digest = promotionDigest(site, release, environment);
  const facts = { digest, gate: environment.gate, approvals: [], completion: null, cancellation: null };
  return weigh(db, {
    number: 0,
    state: "waiting",
    asker_id: by.person.id,
    gate: environment.gate,
    requirements: requirementsOf(facts, environment.gate ? titles(environment.gate) : {}),
    environment,
    from,
    from_id: from.id,
    environment_id: environment.id,
    release_id: release.id,
  });
}

/** Role names before there is a promotion to read them with: the slug in words. */
function titles(gate: Gate): Record<string, string> {
  return Object.fromEntries(
    gate.requirements.map(({ role }) => [role, role.charAt(0).toUpperCase() + role.slice(1).replaceAll("-", " ")]),
  );
}

/** Binds an approval to what is in the release, where it goes, and the gate as it stands when it is asked for. */
function promotionDigest(site: Site, release: { digest: string }, environment: Environment): string {
  const gate = environment.gate && { ...environment.gate };
  return sha256(canonical({ site: site.id, release: release.digest, environment: environment.id, gate }));
}

async function supersede(
  trx: Database,
  by: By,
  site: Site,
  older: Promotion,
  newer: { id: string; number: number; environment: Environment; contents: { artifact_id: string }[] },
): Promise<void> {
  const covered = new Set(newer.contents.map((one) => one.artifact_id));
  const held = await contentsOf(trx, older.release_id);
  if (!held.every((one) => covered.has(one.artifact_id))) return;
  const reason = `Replaced by promotion ${newer.number}.`;
  await close(trx, older.id);
  await trx
    .insertInto("cancellations")
    .values({ promotion_id: older.id, person_id: by.person.id, reason, superseded_by: newer.id, cancelled_at: by.at })
    .execute();
  await append(trx, by, site.id, {
    ...about(older, newer.environment),
    action: "promotion_superseded",
    details: {
      number: older.number,
      name: older.name,
      environment: newer.environment.slug,
      by: newer.number,
      reason,
      promotion_id: older.id,
    },
  });
}

export interface Verdict {
  decision: Decision;
  /** The digest of what was looked at. */
  digest: string;
  role?: string | undefined;
  comment?: string | undefined;
}

/** Records one person's yes or no. The same decision again changes nothing. One no ends the promotion. */
export function decide(db: Database, by: By, site: Site, number: number, verdict: Verdict): Promise<PromotionDetails> {
  return intent(db, by, site.id, async (trx) => {
    const promotion = await details(trx, site, number);
    const already = promotion.approvals.some(
      (one) => one.person_id === by.person.id && one.decision === verdict.decision,
    );
    if (already && verdict.digest === promotion.digest) return promotion;
    const wrong = whyNotComment(verdict.decision, verdict.comment);
    refuse(whyNotDecide(promotion, by));
    refuse(whyNotDigest(promotion, verdict.digest));
    if (wrong) refuseFields([{ path: "comment", message: wrong }]);
    const row = {
      id: newId(Date.parse(by.at)),
      promotion_id: promotion.id,
      person_id: by.person.id,
      role: chosenRole(promotion, by, verdict.role),
      decision: verdict.decision,
      digest: verdict.digest,
      comment: verdict.comment?.trim() || null,
      decided_at: by.at,
    };
    await trx.insertInto("approvals").values(row).execute();
    if (verdict.decision === "reject") await close(trx, promotion.id);
    await append(trx, by, site.id, {
      ...about(promotion, promotion.environment),
      action: verdict.decision === "approve" ? "promotion_approved" : "promotion_rejected",
      details: { number, name: promotion.name, environment: promotion.environment.slug, ...row },
    });
    return details(trx, site, number);
  });
}

function chosenRole(promotion: PromotionDetails, by: By, wanted: string | undefined): string {
  const roles = rolesToDecide(promotion, by);
  const role = wanted === undefined ? roles[0] : roles.find((one) => one === wanted);
  if (!role)
    refuse(
      `You cannot decide as "${(wanted ?? "").slice(0, 60)}": the gate does not ask for it, or it is not your role here.`,
      422,
    );
  return role as string;
}

/** Its contents become the environment's, now or from a stated past moment on. The same click again changes nothing. */
export function complete(
  db: Database,
  by: By,
  site: Site,
  number: number,
  at: { effective_at?: string | undefined },
): Promise<PromotionDetails> {
  refuse(whyNotMay(by, "promote"), 403);
  const wrong = whyNotWhen(at.effective_at, by.at);
  if (wrong) refuseFields([{ path: "effective_at", message: wrong }]);
  return intent(db, by, site.id, async (trx) => {
    const promotion = await details(trx, site, number);
    if (promotion.completion?.person_id === by.person.id) return promotion;
    if (promotion.blockers.length)
      throw new Refusal(409, promotion.blockers.map((one) => one.message).join(" "), {
        code: "blocked",
        blockers: promotion.blockers,
      });
    const environment = site.environments.find((one) => one.id === promotion.environment_id) ?? missing("environment");
    const deployment = await deploy(trx, by, site, environment, {
      effectiveAt: instant(at.effective_at ?? by.at) as string,
      complete: false,
      note: null,
      source: null,
      promotion,
      lines: promotion.contents.map(({ artifact_id, kind, key, version, version_id }) => ({
        artifact_id,
        kind,
        key,
        version,
        version_id,
        promotion_id: promotion.id,
        out_of_band: 0 as const,
      })),
    });
    const row = {
      promotion_id: promotion.id,
      deployment_id: deployment.id,
      person_id: by.person.id,
      completed_at: by.at,
    };
    await trx.insertInto("completions").values(row).execute();
    await close(trx, promotion.id);
    await append(trx, by, site.id, {
      ...about(promotion, environment),
      action: "promotion_completed",
      details: { number, name: promotion.name, environment: environment.slug, deployment: deployment.number, ...row },
    });
    return details(trx, site, number);
  });
}

export function cancel(db: Database, by: By, site: Site, number: number, reason: string): Promise<PromotionDetails> {
  refuse(whyNotMay(by, "promote"), 403);
  return intent(db, by, site.id, async (trx) => {
    const promotion = await details(trx, site, number);
    if (promotion.state === "cancelled" && promotion.cancellation?.person_id === by.person.id) return promotion;
    refuse(whyClosed(promotion));
    const wrong = whyNotReason(reason);
    if (wrong) refuseFields([{ path: "reason", message: wrong }]);
    const row = {
      promotion_id: promotion.id,
      person_id: by.person.id,
      reason: reason.trim(),
      superseded_by: null,
      cancelled_at: by.at,
    };
    await trx.insertInto("cancellations").values(row).execute();
    await close(trx, promotion.id);
    await append(trx, by, site.id, {
      ...about(promotion, promotion.environment),
      action: "promotion_cancelled",
      details: { number, name: promotion.name, environment: promotion.environment.slug, ...row },
    });
    return details(trx, site, number);
  });
}

async function details(trx: Database, site: Site, number: number): Promise<PromotionDetails> {
  return (await promotionDetails(trx, site.id, number)) ?? missing(`promotion ${number}`);
}

async function close(trx: Database, promotionId: string): Promise<void> {
  await trx.deleteFrom("open_promotions").where("promotion_id", "=", promotionId).execute();
}

function about(promotion: { id: string; number: number }, environment: { id: string }) {
  return { subject: `promotion ${promotion.number}`, subject_id: promotion.id, environment_id: environment.id };
}

/** Ticks what has been looked at, and unticks the rest; only for the one who looks. */
export async function look(db: Database, by: By, promotion: Promotion, artifactIds: string[]): Promise<void> {
  const contents = await contentsOf(db, promotion.release_id);
  const looked = contents.filter((one) => artifactIds.includes(one.artifact_id));
  await db.transaction().execute(async (trx) => {
    const mine = { promotion_id: promotion.id, person_id: by.person.id };
    await trx
      .deleteFrom("looks")
      .where("promotion_id", "=", mine.promotion_id)
      .where("person_id", "=", mine.person_id)
      .execute();
    for (let i = 0; i < looked.length; i += 500) {
      const rows = looked.slice(i, i + 500).map(({ artifact_id }) => ({ ...mine, artifact_id, looked_at: by.at }));
      await trx
        .insertInto("looks")
        .values(rows)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
  });
}
