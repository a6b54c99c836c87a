import type { By } from "../access/actor.ts";
import { before, type Environment } from "../access/environments.ts";
import { roleNames } from "../access/roles.ts";
import type { Site } from "../access/sites.ts";
import { canonical } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { sha256 } from "../database/ids.ts";
import { type Blocker, missing, Refusal } from "../errors.ts";
import { currentOf } from "../record/current.ts";
import { type Content, contentsOf, findRelease, type Release } from "../record/releases.ts";
import { type Changing, weigh } from "./assessment.ts";
import { listPromotions, type Promotion } from "./queries.ts";
import { type Requirement, requirementsOf, whyNotAsk } from "./rules.ts";

export interface Wish {
  /** The release's number. */
  release: number;
  /** The slug of the environment to move it into. */
  to: string;
  note?: string | undefined;
}

/** What stands in the way of a release now: asked for already, with the approvals it has; else as if it were asked for. */
export async function canPromote(db: Database, by: By, site: Site, wish: Wish) {
  const release = (await findRelease(db, site.id, wish.release)) ?? missing(`release ${wish.release}`);
  const environment = target(site, wish.to);
  const { blockers } = await wayInto(db, by, site, release, environment, await contentsOf(db, release.id));
  return { allowed: !blockers.length, blockers };
}

/** Where a release could be moved to, and what stands in the way of each. */
export async function waysOf(db: Database, by: By, site: Site, release: Release, contents: Content[]): Promise<Way[]> {
  const ways: Way[] = [];
  for (const environment of site.environments.slice(1))
    ways.push(await wayInto(db, by, site, release, environment, contents));
  return ways;
}

export interface Way {
  environment: Environment;
  from: Environment;
  digest: string;
  /** Open promotions into this environment, and among them the one that asks for the very same. */
  open: Promotion[];
  same: Promotion | undefined;
  contents: Changing[];
  requirements: Requirement[];
  /** Why it cannot be asked for. */
  why: Blocker | undefined;
  blockers: Blocker[];
}

export async function wayInto(
  db: Database,
  by: By,
  site: Site,
  release: Pick<Release, "number" | "digest">,
  environment: Environment,
  contents: Content[],
): Promise<Way> {
  const from = placeBefore(site, environment);
  const digest = promotionDigest(site, release, environment);
  const open = await listPromotions(db, site.id, { open: true, environment: environment.id, limit: 1000 });
  const same = open.find((one) => one.digest === digest);
  const ids = contents.map((one) => one.artifact_id);
  const there = await currentOf(db, environment.id, ids);
  const asked = same ?? (await unasked(db, by, digest, environment, from));
  const weights = await weigh(db, asked, contents, there);
  const why = whyNotAsk(release, environment, same, weights.contents);
  const blockers = why && !same ? [why] : weights.blockers;
  const { requirements } = asked;
  return { environment, from, digest, open, same, requirements, contents: weights.contents, why, blockers };
}

export function target(site: Site, slug: string): Environment {
  return site.environments.find((one) => one.slug === slug) ?? missing(`environment "${slug.slice(0, 60)}"`);
}

function placeBefore(site: Site, environment: Environment): Environment {
  const from = before(site.environments, environment);
  if (from) return from;
  throw new Refusal(409, `Everything begins on ${environment.name}: it takes deployments, not promotions.`, {
    code: "first_environment",
  });
}

/** Binds an approval to what is in the release, where it goes, and the gate as it stands when it is asked for. */
function promotionDigest(site: Site, release: { digest: string }, environment: Environment): string {
  const gate = environment.gate && { ...environment.gate };
  return sha256(canonical({ site: site.id, release: release.digest, environment: environment.id, gate }));
}

/** As it would stand the moment it was asked for. */
async function unasked(db: Database, by: By, digest: string, environment: Environment, from: Environment) {
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
