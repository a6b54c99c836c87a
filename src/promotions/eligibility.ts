import type { Actor } from "../access/actor.ts";
import { type Environment, environmentBefore } from "../access/environments.ts";
import { roleNames } from "../access/roles.ts";
import type { Site } from "../access/sites.ts";
import { canonicalJson } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { sha256 } from "../database/ids.ts";
import { type Blocker, notFound, Refusal } from "../errors.ts";
import { currentPlacements } from "../record/current.ts";
import { findRelease, listContents, type Release, type ReleaseContent } from "../record/releases.ts";
import { whyNobodyCan } from "./approver-rules.ts";
import { assess, type ContentChange } from "./assessment.ts";
import type { RequestFieldName } from "./fields.ts";
import { listPromotions, type Promotion } from "./queries.ts";
import { recordersOf } from "./recorders.ts";
import { whyNotRequest } from "./request-rules.ts";
import { type Requirement, requirementsOf } from "./rules.ts";
import type { Plan } from "./schedule-rules.ts";

export type PromotionRequest = {
  /** The release's number. */
  release: number;
  /** The slug of the environment to promote it to. */
  to: string;
  /** When it is to go live. */
  plan?: Plan | undefined;
} & { [Name in RequestFieldName]?: string | undefined };

/** What blocks a release now: of its open promotion if there is one, else as if one were requested at this moment. */
export async function canPromote(db: Database, actor: Actor, site: Site, request: PromotionRequest) {
  const release = (await findRelease(db, site.id, request.release)) ?? notFound(`release ${request.release}`);
  const environment = targetEnvironment(site, request.to);
  const contents = await listContents(db, release.id);
  const { blockers } = await eligibilityFor(db, actor, site, release, environment, contents);
  return { allowed: !blockers.length, blockers };
}

/** For each environment that takes promotions, whether this release could be promoted to it. */
export async function eligibilityForAll(
  db: Database,
  actor: Actor,
  site: Site,
  release: Release,
  contents: ReleaseContent[],
): Promise<Eligibility[]> {
  const targets: Eligibility[] = [];
  for (const environment of site.environments.slice(1))
    targets.push(await eligibilityFor(db, actor, site, release, environment, contents));
  return targets;
}

export interface Eligibility {
  environment: Environment;
  from: Environment;
  digest: string;
  /** Open promotions to this environment, and the one among them for exactly this release. */
  open: Promotion[];
  same: Promotion | undefined;
  contents: ContentChange[];
  requirements: Requirement[];
  /** Why approvals that it needs could not be given by anyone now. */
  nobody: string[];
  /** Why it cannot be requested; undefined if it can. */
  whyNot: Blocker | undefined;
  blockers: Blocker[];
}

/** Throws a Refusal with 409 for the first environment, which takes deployments only. */
export async function eligibilityFor(
  db: Database,
  actor: Actor,
  site: Site,
  release: Pick<Release, "id" | "number" | "digest" | "rollback_of" | "take_down_of" | "bad">,
  environment: Environment,
  contents: ReleaseContent[],
): Promise<Eligibility> {
  const from = sourceEnvironment(site, environment);
  const digest = promotionDigest(site, release, environment);
  const open = await listPromotions(db, site.id, { open: true, environment: environment.id, limit: 1000 });
  const same = open.find((promotion) => promotion.requested_digest === digest);
  const ids = contents.map((content) => content.artifact_id);
  const inTarget = await currentPlacements(db, environment.id, ids);
  const promotion = same ?? (await draftPromotion(db, actor, { digest, release }, environment, from));
  const assessment = await assess(db, site.id, promotion, contents, inTarget, actor.at);
  const whyNot = whyNotRequest(release, environment, same, assessment.contents);
  const blockers = whyNot && !same ? [whyNot] : assessment.blockers;
  const { requirements } = assessment;
  const nobody = requirements.flatMap((requirement) => whyNobodyCan(requirement) ?? []);
  const { contents: changes } = assessment;
  return { environment, from, digest, open, same, requirements, nobody, contents: changes, whyNot, blockers };
}

export function targetEnvironment(site: Site, slug: string): Environment {
  return (
    site.environments.find((environment) => environment.slug === slug) ?? notFound(`environment "${slug.slice(0, 60)}"`)
  );
}

function sourceEnvironment(site: Site, environment: Environment): Environment {
  const from = environmentBefore(site.environments, environment);
  if (from) return from;
  throw new Refusal(
    409,
    `${environment.name} is the first environment, so nothing can be promoted to it. Record a deployment instead.`,
    { code: "first_environment" },
  );
}

/** SHA-256 over what an approval is bound to: the release's contents, the target, and the gate at the time of the request. */
export function promotionDigest(
  site: Site,
  release: { digest: string; rollback_of_id?: string },
  environment: Environment,
): string {
  const { gate: current } = environment;
  const gate = current && { id: current.id, version: current.version, ...current.stored };
  const rollback = release.rollback_of_id && { rollback_of: release.rollback_of_id };
  return sha256(
    canonicalJson({ site: site.id, release: release.digest, environment: environment.id, gate, ...rollback }),
  );
}

/** The promotion as it would be right after the request. */
async function draftPromotion(
  db: Database,
  actor: Actor,
  { digest, release }: { digest: string; release: Pick<Release, "id" | "number" | "bad"> },
  environment: Environment,
  from: Environment,
) {
  const { id } = release;
  const recorders = environment.gate?.recorders_may_approve === false ? await recordersOf(db, [id]) : undefined;
  const facts = { digest, gate: environment.gate, approvals: [], completion: null, cancellation: null };
  return {
    number: 0,
    state: "waiting" as const,
    approvals: [],
    rollback_of_id: null,
    rollback_in_part: 0,
    release: release.number,
    bad: release.bad,
    requester_id: actor.person.id,
    gate: environment.gate,
    requirements: requirementsOf(facts, await roleNames(db)),
    environment,
    from,
    asked_at: actor.at,
    recorders: recorders?.get(id) ?? [],
    checklist: (environment.gate?.checklist ?? []).map((line) => ({ line, tick: null })),
    from_id: from.id,
    environment_id: environment.id,
  };
}
