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
import { assess, type ContentChange } from "./assessment.ts";
import type { RequestFieldName } from "./fields.ts";
import { listPromotions, type Promotion } from "./queries.ts";
import { type Requirement, requirementsOf, whyNotRequest } from "./rules.ts";

export type PromotionRequest = {
  /** The release's number. */
  release: number;
  /** The slug of the environment to promote it to. */
  to: string;
} & { [Name in RequestFieldName]?: string | undefined };

/** What stands in the way of a release now: asked for already, with the approvals it has; else as if it were asked for. */
export async function canPromote(db: Database, by: Actor, site: Site, wish: PromotionRequest) {
  const release = (await findRelease(db, site.id, wish.release)) ?? notFound(`release ${wish.release}`);
  const environment = targetEnvironment(site, wish.to);
  const { blockers } = await eligibilityFor(db, by, site, release, environment, await listContents(db, release.id));
  return { allowed: !blockers.length, blockers };
}

/** Where a release could be moved to, and what stands in the way of each. */
export async function eligibilityForAll(
  db: Database,
  by: Actor,
  site: Site,
  release: Release,
  contents: ReleaseContent[],
): Promise<Eligibility[]> {
  const ways: Eligibility[] = [];
  for (const environment of site.environments.slice(1))
    ways.push(await eligibilityFor(db, by, site, release, environment, contents));
  return ways;
}

export interface Eligibility {
  environment: Environment;
  from: Environment;
  digest: string;
  /** Open promotions into this environment, and among them the one that asks for the very same. */
  open: Promotion[];
  same: Promotion | undefined;
  contents: ContentChange[];
  requirements: Requirement[];
  /** Why it cannot be asked for. */
  why: Blocker | undefined;
  blockers: Blocker[];
}

export async function eligibilityFor(
  db: Database,
  by: Actor,
  site: Site,
  release: Pick<Release, "number" | "digest">,
  environment: Environment,
  contents: ReleaseContent[],
): Promise<Eligibility> {
  const from = sourceEnvironment(site, environment);
  const digest = promotionDigest(site, release, environment);
  const open = await listPromotions(db, site.id, { open: true, environment: environment.id, limit: 1000 });
  const same = open.find((one) => one.digest === digest);
  const ids = contents.map((one) => one.artifact_id);
  const there = await currentPlacements(db, environment.id, ids);
  const asked = same ?? (await draftPromotion(db, by, digest, environment, from));
  const weights = await assess(db, asked, contents, there);
  const why = whyNotRequest(release, environment, same, weights.contents);
  const blockers = why && !same ? [why] : weights.blockers;
  const { requirements } = asked;
  return { environment, from, digest, open, same, requirements, contents: weights.contents, why, blockers };
}

export function targetEnvironment(site: Site, slug: string): Environment {
  return site.environments.find((one) => one.slug === slug) ?? notFound(`environment "${slug.slice(0, 60)}"`);
}

function sourceEnvironment(site: Site, environment: Environment): Environment {
  const from = environmentBefore(site.environments, environment);
  if (from) return from;
  throw new Refusal(409, `Everything begins on ${environment.name}: it takes deployments, not promotions.`, {
    code: "first_environment",
  });
}

/** Binds an approval to what is in the release, where it goes, and the gate as it stands when it is asked for. */
function promotionDigest(site: Site, release: { digest: string }, environment: Environment): string {
  const gate = environment.gate && { ...environment.gate };
  return sha256(canonicalJson({ site: site.id, release: release.digest, environment: environment.id, gate }));
}

/** As it would stand the moment it was asked for. */
async function draftPromotion(db: Database, by: Actor, digest: string, environment: Environment, from: Environment) {
  const facts = { digest, gate: environment.gate, approvals: [], completion: null, cancellation: null };
  return {
    number: 0,
    state: "waiting" as const,
    asker_id: by.person.id,
    gate: environment.gate,
    requirements: requirementsOf(facts, await roleNames(db)),
    environment,
    from,
    from_id: from.id,
    environment_id: environment.id,
  };
}
