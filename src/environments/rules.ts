import type { Gate } from "../access/environments.ts";
import type { FieldError } from "../errors.ts";
import type { Tier } from "../schema.ts";
import { controlCharacters, joinWithAnd, whyNotName, whyNotSlug } from "../text.ts";

const counts = ["No", "One", "Two", "Three", "Four", "Five"];

/** What a gate asks, in words. `roles` are the names of roles by their slugs. */
export function gateSentence(gate: Gate | null, roles: Record<string, string> = {}): string {
  if (!gate?.requirements.length) return "No gate: whoever may record puts things here.";
  const asked = gate.requirements.map(({ role, count }, i) => {
    const many = i ? String(counts[count] ?? count).toLowerCase() : (counts[count] ?? count);
    return `${many} ${count === 1 ? "person" : "people"} with the role ${roles[role] ?? role}`;
  });
  const one = gate.requirements.length === 1 && gate.requirements[0]?.count === 1;
  const asker = gate.asker_may_approve ? "whoever asked may be among them" : "whoever asked does not";
  return `${joinWithAnd(asked)} ${one ? "approves" : "approve"}; ${asker}.`;
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
  return "A server's address begins with http:// or https:// and has no spaces, query, fragment or password.";
}

const tiers: string[] = ["development", "testing", "staging", "production", "other"] satisfies Tier[];

function whyNotTier(tier: string): string | undefined {
  if (!tiers.includes(tier)) return `The kind is one of ${tiers.join(", ")}.`;
}

export function environmentErrors(environment: NewEnvironment, taken: string[]): FieldError[] {
  const errors: FieldError[] = [];
  const note = (path: string, message: string | undefined) => message && errors.push({ path, message });
  note("slug", whyNotSlug(environment.slug));
  if (taken.includes(environment.slug))
    note("slug", `There is already an environment ${environment.slug} on this site.`);
  note("name", whyNotName(environment.name ?? environment.slug));
  note("tier", whyNotTier(environment.tier ?? "other"));
  (environment.servers ?? []).forEach((server, i) => {
    note(`servers.${i}.name`, whyNotName(server.name));
    note(`servers.${i}.base_url`, whyNotBaseUrl(server.base_url));
  });
  return errors;
}
