import type { Environment } from "../access/environments.ts";
import type { FieldError } from "../errors.ts";
import type { Tier } from "../schema.ts";
import { controlCharacters, foldText, joinWithAnd, whyNotName, whyNotSlug } from "../text.ts";

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

export function whyNotTier(tier: string): string | undefined {
  if (!tiers.includes(tier)) return `The tier must be one of ${tiers.join(", ")}.`;
}

/** Why an environment of a site cannot have this name; `others` are the names of all its other environments. */
export function whyNotEnvironmentName(name: string, others: string[]): string | undefined {
  const alike = others.find((other) => foldName(other) === foldName(name));
  return whyNotName(name) ?? (alike === undefined ? undefined : `This site already has an environment ${alike}.`);
}

/** A name as people see it: without case, spaces and invisible characters. */
const foldName = (name: string): string => foldText(name).replace(/[\s\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, "");

interface OpenPromotion {
  number: number;
  from_id: string;
  environment_id: string;
}

/** Why a site's environments cannot have this order: each open promotion goes from one to the next, and the first has no gate. */
export function whyNotOrder(
  before: Pick<Environment, "id">[],
  after: Pick<Environment, "id" | "name" | "gate">[],
  open: OpenPromotion[],
): string | undefined {
  const [first] = after;
  if (!first) return "A site needs at least one environment.";
  const indexOf = ({ environment_id }: OpenPromotion) => after.findIndex(({ id }) => id === environment_id);
  const moving = open.filter((promotion) => promotion.from_id !== promotion.environment_id);
  const broken = moving.filter((promotion) => after[indexOf(promotion) - 1]?.id !== promotion.from_id);
  const numbers = broken.map(({ number }) => String(number));
  if (numbers.length === 1) return `Promotion ${numbers[0]} is still open there. Complete or cancel it first.`;
  if (numbers.length) return `Promotions ${joinWithAnd(numbers)} are still open there. Complete or cancel them first.`;
  if (first.id !== before[0]?.id && first.gate)
    return `${first.name} would be the first environment, but it ${first.gate.requirements.length ? "needs approvals" : "has a gate"}, and nothing can be promoted to the first one.`;
}

/** `taken` are the site's other environments. */
export function environmentErrors(
  environment: NewEnvironment,
  taken: { slug: string; name?: string | undefined }[],
): FieldError[] {
  const errors: FieldError[] = [];
  const check = (path: string, message: string | undefined) => message && errors.push({ path, message });
  // the short name is derived from the name: if both are missing, the name is what to enter
  if (environment.slug || environment.name === undefined || environment.name.trim())
    check("slug", whyNotSlug(environment.slug));
  if (taken.some(({ slug }) => slug === environment.slug))
    check("slug", `This site already has an environment ${environment.slug}.`);
  const names = taken.map(({ slug, name = slug }) => name);
  check("name", whyNotEnvironmentName(environment.name ?? environment.slug, names));
  check("tier", whyNotTier(environment.tier ?? "other"));
  (environment.servers ?? []).forEach((server, i) => {
    check(`servers.${i}.name`, whyNotName(server.name));
    check(`servers.${i}.base_url`, whyNotBaseUrl(server.base_url));
  });
  return errors;
}
