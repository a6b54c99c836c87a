import { holdersOf } from "../access/holders.ts";
import type { Site } from "../access/sites.ts";
import { someOwnedBy } from "../artifacts/owners.ts";
import type { Database } from "../database/connect.ts";
import { delegationsOf } from "../delegations/delegations.ts";
import { listFeeds } from "../feeds/queries.ts";
import { feedTitle } from "../feeds/rules.ts";
import { staffOf } from "../gates/queries.ts";
import { gateWarnings } from "../gates/warnings.ts";
import { listPromotions, type Promotion } from "../promotions/queries.ts";

/** What a person still has to do or answer for on a site, so that somebody decides about it before they leave. */
export interface Duties {
  /** Open promotions that wait for a role of theirs that too few others have. */
  waiting: { number: number; name: string; environment: string; roles: string[] }[];
  /** Open promotions that they requested. */
  requested: { number: number; name: string; environment: string }[];
  /** What nobody could approve without them, as sentences. */
  gaps: string[];
  /** The keys of some of the pages and software that they own, and the sections whose later pages would be theirs. */
  owned: string[];
  /** Whether they own more pages and software than are listed. */
  ownsMore: boolean;
  sections: string[];
  /** Substitutes by them or to them: "Theo for Mara". */
  delegations: string[];
  feeds: string[];
}

export async function dutiesOf(db: Database, site: Site, personId: string, at: string): Promise<Duties> {
  const open = await listPromotions(db, site.id, { open: true, limit: maxOpen });
  const { artifacts, sections } = await someOwnedBy(db, site.id, personId, maxOwned + 1);
  const shown = ({ number, name, environment }: Promotion) => ({ number, name, environment: environment.name });
  return {
    waiting: await waitingFor(db, site, personId, open, at),
    requested: open.filter(({ requester_id }) => requester_id === personId).map(shown),
    gaps: await gapsWithout(db, site, personId, at),
    owned: artifacts
      .slice(0, maxOwned)
      .map(({ key }) => key)
      .sort(),
    ownsMore: artifacts.length > maxOwned,
    sections: sections.map((section) => `/${section}`),
    delegations: (await delegationsOf(db, site.id, personId, at)).map(
      ({ person, substitute }) => `${substitute} for ${person}`,
    ),
    feeds: (await listFeeds(db, site.id, personId)).map((feed) => feedTitle(feed)),
  };
}

const maxOpen = 1000;
/** How many of the pages and software that they own are listed. */
const maxOwned = 10;

async function waitingFor(db: Database, site: Site, personId: string, open: Promotion[], at: string) {
  const wanted = open.flatMap(({ requirements }) => requirements.filter(({ given, needed }) => given < needed));
  const holders = await holdersOf(db, site.id, [...new Set(wanted.map(({ role }) => role))], at);
  return open.flatMap((promotion) => {
    const missing = promotion.requirements.filter(({ role, given, needed }) => {
      const able = (holders.get(role) ?? []).filter((holder) => mayStillApprove(promotion, holder));
      const others = able.filter(({ id }) => id !== personId);
      return given < needed && others.length < able.length && others.length < needed - given;
    });
    const { number, name, environment } = promotion;
    const roles = missing.map((requirement) => requirement.name);
    return roles.length ? [{ number, name, environment: environment.name, roles }] : [];
  });
}

/** Who did not approve yet, can sign in, and is not kept from it as the requester or as a machine. */
function mayStillApprove(
  { gate, requester_id, approvals }: Promotion,
  { id, kind, invited }: { id: string; kind: "person" | "machine"; invited?: true },
): boolean {
  if (invited || (kind === "machine" && !gate?.machines_may_approve)) return false;
  if (id === requester_id && !gate?.asker_may_approve) return false;
  return !approvals.some((approval) => approval.person_id === id && !approval.withdrawn_at);
}

/** The gates' warnings that there would be without a person, besides those that there are. */
async function gapsWithout(db: Database, site: Site, personId: string, at: string): Promise<string[]> {
  const staff = await staffOf(db, site.id, at);
  const others = <T extends { id: string }>(people: T[]) => people.filter(({ id }) => id !== personId);
  const without = {
    ...staff,
    holders: new Map([...staff.holders].map(([role, people]) => [role, others(people)])),
    requesters: others(staff.requesters),
    recorders: others(staff.recorders),
  };
  return site.environments.flatMap(({ name, gate }) => {
    if (!gate) return [];
    const now = gateWarnings(name, gate, staff);
    return gateWarnings(name, gate, without).filter((sentence) => !now.includes(sentence));
  });
}
