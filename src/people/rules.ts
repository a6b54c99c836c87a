import type { Gate } from "../access/gates.ts";
import { permissionPhrases } from "../access/permissions.ts";
import { type Role, whyNoRole } from "../access/roles.ts";
import { type FieldError, fieldErrors } from "../errors.ts";
import { controlCharacters, joinWithAnd, whyNotName } from "../text.ts";

export const passwordLength = { atLeast: 10, atMost: 200 };

/** An e-mail address as it is stored and compared: trimmed and in lower case. */
export function normalEmail(email: string): string {
  return email.trim().normalize("NFC").toLowerCase();
}

/** `email` as `normalEmail` returns it. */
export function whyNotEmail(email: string): string | undefined {
  if (!email) return "Enter an e-mail address.";
  if (email.length > 254) return `An e-mail address can have at most 254 characters; this one has ${email.length}.`;
  if (controlCharacters.test(email) || !/^[^\s@]+@[^\s@]+$/.test(email))
    return "Enter an e-mail address like ada@example.com.";
}

/**
 * Only the length counts, and that others do not have it: rules about characters make passwords harder to remember, not to
 * guess. `common`: the most common passwords, in lower case.
 */
export function whyNotPassword(password: string, email: string, common: ReadonlySet<string>): string | undefined {
  const { atLeast, atMost } = passwordLength;
  if (password.length < atLeast)
    return `A password needs at least ${atLeast} characters; this one has ${password.length}.`;
  if (password.length > atMost)
    return `A password can have at most ${atMost} characters; this one has ${password.length}.`;
  if (email && normalEmail(password) === email) return "Your e-mail address is easy to guess. Choose another password.";
  if (isCommon(password.toLowerCase(), (text) => common.has(text) || ownWords(email).includes(text)))
    return "This password is easy to guess: many people use it, or one like it. Choose a few words instead.";
}

/** Words that are easy to guess for this account. */
function ownWords(email: string): string[] {
  const [own = "", host = ""] = email.toLowerCase().split("@");
  return ["sitebook", own, ...own.split(/[^a-z0-9]+/), ...host.split(".")];
}

const minCommonLength = 4;
/** How many characters are taken off the ends of a password at most, as for `Password2026!`. */
const maxAdded = 6;

/** Whether a password in lower case is a common one, repeats one or a few characters, or has digits and signs around it. */
function isCommon(password: string, isListed: (text: string) => boolean): boolean {
  const [, core = password] = /^[^\p{L}]*(.*?)[^\p{L}]*$/u.exec(password) ?? [];
  const repeated = (text: string) => /^(.+?)\1+$/u.exec(text)?.[1] ?? text;
  const isKnown = (text: string) => text.length >= minCommonLength && isListed(text);
  if (isKnown(password) || repeated(password).length < minCommonLength || isKnown(repeated(password))) return true;
  return password.length - core.length <= maxAdded && isKnown(repeated(core));
}

/** Pages ask for a new password twice; the command line asks once and passes no `again`. */
export function whyNotAgain(password: string, again: string | undefined): string | undefined {
  if (again !== undefined && again !== password) return "This is different from the password above.";
}

/** Why somebody who signs in without a password cannot change what needs it. */
export const whyNoPassword = (mailIsSetUp: boolean): string =>
  `You have no password. ${mailIsSetUp ? "“Forgot your password?” on the sign-in page mails you a link to choose one." : "An administrator of your site can create a link for you to choose one."}`;

/** The path to continue to after signing in; "/" if `next` could lead to another host. */
export function safePath(next: string | undefined): string {
  // browsers read a backslash as a slash and drop line breaks and tabs
  return next && /^\/(?![/\\])[^\\\s]*$/.test(next) && !controlCharacters.test(next) ? next : "/";
}

/** Why a person or token cannot be given these roles. `known` are all roles that exist. */
export function whyNotRoles(roles: string[], known: { slug: string }[]): string | undefined {
  if (!roles.length) return "Select at least one role.";
  return roles.map((role) => whyNoRole(role, known)).find((sentence) => sentence);
}

/** What is wrong with an invitation, by field. `known` are all roles that exist. */
export const whyNotInvite = (
  { name, email, roles }: { name: string; email: string; roles: string[] },
  known: { slug: string }[],
): FieldError[] =>
  fieldErrors({
    name: whyNotName(name),
    email: whyNotEmail(normalEmail(email)),
    roles: whyNotRoles(roles, known),
  });

/** `others` are the site's other administrators. Only one who can sign in counts: no pending invitation and no token. */
export function whyNotRemoveAdministrator(
  member: { name: string },
  others: { signs_in: boolean }[],
): string | undefined {
  if (others.some((other) => other.signs_in)) return;
  return `${member.name} is the last administrator of this site who can sign in. Make somebody else an administrator first.`;
}

/**
 * A link gives access to the whole account. `elsewhere` says that the member has a role on a site that the administrator
 * does not administer.
 */
export function whyNotGiveLink(
  administrator: { id: string },
  member: { id: string; name: string },
  elsewhere: boolean,
): string | undefined {
  if (administrator.id === member.id) return "Change your own password under Account.";
  if (elsewhere)
    return `${member.name} also has a role on a site that you do not administer, and a new password would give access to that one, too.`;
}

/** `elsewhere`: as of `whyNotGiveLink`. */
export function whyNotSignOut(
  administrator: { id: string },
  member: { id: string; name: string },
  elsewhere: boolean,
): string | undefined {
  if (administrator.id === member.id) return "Sign out everywhere under Account.";
  if (elsewhere)
    return `${member.name} also has a role on a site that you do not administer, and would be signed out there, too.`;
}

export const whyNotSignOutEverybody = (everySite: boolean): string | undefined =>
  everySite ? undefined : "Only an administrator of every site can sign everybody out.";

/** What a role allows on a site with these environments, as a sentence. */
export function roleSentence(role: Role, environments: { name: string; gate: Gate | null }[]): string {
  const gated = environments.filter(({ gate }) => gate?.requirements.some((required) => required.role === role.slug));
  const approve = gated.length ? [`approve promotions to ${joinWithAnd(gated.map(({ name }) => name))}`] : [];
  const others = role.permissions.filter((permission) => permission !== "view");
  const may = [...approve, ...others.map((permission) => permissionPhrases[permission])];
  return may.length ? `May ${joinWithAnd(may)}.` : "May see everything and change nothing.";
}
