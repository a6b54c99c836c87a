import { whyNoRole } from "../access/roles.ts";
import { type FieldError, fieldErrors } from "../errors.ts";
import { normalEmail, whyNotEmail } from "../people/rules.ts";
import { controlCharacters, countOf, whyNotName, whyNotSlug } from "../text.ts";

/** A provider as it is entered. */
export interface ProviderForm {
  name: string;
  slug: string;
  issuer: string;
  client_id: string;
  /** Empty: the one that is stored stays. */
  secret: string;
  scopes: string;
  domains: string;
  trusts_email: boolean;
  sign_up: boolean;
  roles_claim: string;
  /** One rule a line: `value = site: role`. */
  roles: string;
}

/** Who has this value in the claim has this role on this site. */
export interface RoleRule {
  value: string;
  site: string;
  role: string;
}

/** What a provider says about a person, read from the claims of OpenID Connect Core 1.0, section 5.1. */
export interface Claims {
  subject: string;
  email: string | undefined;
  /** Undefined if the provider does not say. */
  emailVerified: boolean | undefined;
  name: string | undefined;
  /** The values of the claim for roles. */
  groups: string[];
}

const maxRules = 500;

/** Short names that addresses of the settings use. */
const reservedSlugs = ["passwords", "sessions"];

export const whyNotAdministerSignIn = (everySite: boolean): string | undefined =>
  everySite
    ? undefined
    : "How people sign in is the same on all sites, so only somebody who administers all of them may change it.";

/** The provider as it was before a change, and how many people signed in with it. */
interface SavedProvider {
  issuer: string;
  people: number;
}

/** What is wrong with a provider, by field. `known`: the sites and roles that there are; `taken`: the short names of others. */
export function providerErrors(
  form: ProviderForm,
  known: { sites: { slug: string }[]; roles: { slug: string }[]; taken: string[]; before: SavedProvider | undefined },
): FieldError[] {
  return fieldErrors({
    name: whyNotName(form.name),
    slug:
      whyNotSlug(form.slug) ??
      ([...known.taken, ...reservedSlugs].includes(form.slug) ? "Another provider has this short name." : undefined),
    issuer: whyNotIssuer(form.issuer) ?? whyNotOtherIssuer(form.issuer.trim(), known.before),
    client_id: whyNotText("a client ID", form.client_id),
    secret: form.secret.length > 2000 ? "A client secret can have at most 2,000 characters." : undefined,
    scopes: /^[\x21-\x7e ]{0,500}$/.test(form.scopes)
      ? undefined
      : "Enter scopes like groups, with spaces between them.",
    domains: whyNotDomains(form.domains),
    roles_claim: form.roles.trim() && !form.roles_claim.trim() ? "Enter the claim that has these values." : undefined,
    roles: whyNotRules(form.roles, known),
  });
}

function whyNotText(what: string, text: string): string | undefined {
  if (!text.trim()) return `Enter ${what}.`;
  if (text.length > 2000 || controlCharacters.test(text)) return `Enter ${what} of at most 2,000 characters.`;
}

/** Unencrypted only on this machine, as for a test. */
function whyNotIssuer(issuer: string): string | undefined {
  const url = URL.parse(issuer);
  const here = url && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url && (url.protocol === "https:" || (url.protocol === "http:" && here)) && !url.search && !url.hash) return;
  return "Enter the issuer’s address, like https://login.example.com, without a query.";
}

const wordsOf = (text: string) => text.split(/[\s,;]+/).filter(Boolean);

/** Domains as they are compared: in lower case, without @. */
export const domainsOf = (text: string): string[] => wordsOf(text).map((word) => word.replace(/^@/, "").toLowerCase());

function whyNotDomains(text: string): string | undefined {
  const wrong = domainsOf(text).find((domain) => !/^[^\s@/]+\.[^\s@/]+$/.test(domain));
  if (text.length > 2000) return "Enter at most 2,000 characters.";
  return wrong && `"${wrong.slice(0, 60)}" is not a domain. Enter domains like example.com, with spaces between them.`;
}

/** Reads `value = site: role`, one a line. A line that cannot be read has empty parts. */
export function readRules(text: string): RoleRule[] {
  const lines = text.split(/\r\n?|\n/).filter((line) => line.trim());
  return lines.map((line) => {
    const [, value = "", site = "", role = ""] = /^(.+)=\s*([^=:\s]+)\s*:\s*([^=:\s]+)\s*$/.exec(line) ?? [];
    return { value: value.trim(), site, role };
  });
}

export const writeRules = (rules: RoleRule[]): string =>
  rules.map(({ value, site, role }) => `${value} = ${site}: ${role}`).join("\n");

function whyNotRules(text: string, known: { sites: { slug: string }[]; roles: { slug: string }[] }) {
  const rules = readRules(text);
  if (rules.length > maxRules) return `At most ${maxRules} lines can be entered.`;
  for (const [i, { value, site, role }] of rules.entries()) {
    if (!value) return `Line ${i + 1}: enter a value, a site and a role, like marketing-team = shop: marketing.`;
    if (!known.sites.some(({ slug }) => slug === site))
      return `Line ${i + 1}: there is no site "${site.slice(0, 60)}".`;
    const noRole = whyNoRole(role, known.roles);
    if (noRole) return `Line ${i + 1}: ${noRole}`;
  }
}

/** Passwords can be switched off for all but administrators, once there is another way. */
export function whyNotSwitchOff(providers: number): string | undefined {
  if (!providers) return "Add a provider first: otherwise nobody but administrators could sign in.";
}

/** `keepsOwn`: whether who removes it, an administrator of every site, has another way to sign in. */
export function whyNotRemoveProvider({
  providers,
  passwords,
  keepsOwn,
}: {
  providers: number;
  passwords: "everybody" | "administrators";
  keepsOwn: boolean;
}): string | undefined {
  if (providers === 1 && passwords === "administrators")
    return "Switch passwords on first: otherwise nobody but administrators could sign in.";
  if (!keepsOwn)
    return "It is your only way to sign in. Add a passkey under Account first, or ask another administrator for a link to choose a password.";
}

/** Providers name people anew: at another issuer, somebody else can have the name of a person here (OpenID Connect Core, 5.7). */
function whyNotOtherIssuer(issuer: string, before: SavedProvider | undefined): string | undefined {
  if (!before?.people || issuer === before.issuer) return;
  return `${countOf(before.people, "person has", "people have")} signed in with the issuer ${before.issuer}. Another issuer could identify somebody else as one of them, so add it as another provider.`;
}

interface SignsIn {
  name: string;
  domains: string;
  trusts_email: 0 | 1;
  sign_up: 0 | 1;
}

/**
 * Why somebody who has no account here yet at this provider cannot be taken for the person with their e-mail address.
 * `account`: that person, and whether another account at this provider is theirs already.
 */
export function whyNotLink(
  provider: SignsIn,
  { email, emailVerified }: Claims,
  account: { linked: boolean } | undefined,
): string | undefined {
  const { name } = provider;
  const ask = "Ask an administrator of your site.";
  if (!email || whyNotEmail(normalEmail(email))) return `${name} does not say your e-mail address. ${ask}`;
  if (!(emailVerified ?? provider.trusts_email === 1))
    return `${name} does not confirm that ${email} is your e-mail address. Confirm it there, then try again.`;
  const domains = domainsOf(provider.domains);
  if (domains.length && !domains.includes(normalEmail(email).split("@").at(-1) ?? ""))
    return `${email} cannot be used with ${name} here. Sign in in another way, or with another account there.`;
  if (account?.linked) return `${email} belongs to another account at ${name}. ${ask}`;
  if (!account && !provider.sign_up)
    return `There is no account for ${email} here. Ask an administrator of your site for an invitation.`;
}
