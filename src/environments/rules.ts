import type { Gate } from "../access/environments.ts";
import type { FieldError } from "../errors.ts";
import type { Tier } from "../schema.ts";
import { controlCharacters, countOf, joinWithAnd, whyNotName, whyNotSlug } from "../text.ts";

/** "Needs 2 approvals from Tester and 1 from Marketing; …". `roles` are the names of roles by their slugs. */
export function gateSentence(gate: Gate | null, roles: Record<string, string> = {}): string {
  if (!gate?.requirements.length) return "No approval needed: anyone who may record deployments can record them here.";
  const approvals = gate.requirements.map(({ role, count }, i) => {
    return `${i ? count : countOf(count, "approval")} from ${roles[role] ?? role}`;
  });
  const requester = gate.asker_may_approve
    ? "the requester may approve, too"
    : "the requester’s own approval does not count";
  return `Needs ${joinWithAnd(approvals)}; ${requester}.`;
}

export interface NewEnvironment {
  slug: string;
  name?: string;
  tier?: Tier;
  servers?: { name: string; base_url: string }[];
}

export const maxEnvironments = 20;

export function whyNotBaseUrl(url: string): string | undefined {
  const parsed = url.length <= 2000 && !/\s/.test(url) && !controlCharacters.test(url) ? URL.parse(url) : null;
  if (parsed && /^https?:$/.test(parsed.protocol) && !parsed.search && !parsed.hash && !parsed.username) return;
  return "A server's address must start with http:// or https:// and have no spaces, query, fragment or password.";
}

const tiers: string[] = ["development", "testing", "staging", "production", "other"] satisfies Tier[];

function whyNotTier(tier: string): string | undefined {
  if (!tiers.includes(tier)) return `The tier must be one of ${tiers.join(", ")}.`;
}

export function environmentErrors(environment: NewEnvironment, takenSlugs: string[]): FieldError[] {
  const errors: FieldError[] = [];
  const check = (path: string, message: string | undefined) => message && errors.push({ path, message });
  check("slug", whyNotSlug(environment.slug));
  if (takenSlugs.includes(environment.slug)) check("slug", `This site already has an environment ${environment.slug}.`);
  check("name", whyNotName(environment.name ?? environment.slug));
  check("tier", whyNotTier(environment.tier ?? "other"));
  (environment.servers ?? []).forEach((server, i) => {
    check(`servers.${i}.name`, whyNotName(server.name));
    check(`servers.${i}.base_url`, whyNotBaseUrl(server.base_url));
  });
  return errors;
}
