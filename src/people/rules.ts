import type { Gate } from "../access/environments.ts";
import { permissionPhrases } from "../access/permissions.ts";
import type { Role } from "../access/roles.ts";
import { controlCharacters, joinWithAnd } from "../text.ts";

export const passwordLength = { atLeast: 10, atMost: 200 };

/** An address as it is kept and compared: people write theirs in capitals on some days. */
export function normalEmail(email: string): string {
  return email.trim().normalize("NFC").toLowerCase();
}

/** Takes the address as `normalEmail` gives it. */
export function whyNotEmail(email: string): string | undefined {
  if (!email) return "The e-mail address is missing.";
  if (email.length > 254) return `An e-mail address can have at most 254 characters; this one has ${email.length}.`;
  if (controlCharacters.test(email) || !/^[^\s@]+@[^\s@]+$/.test(email))
    return "An e-mail address looks like ada@example.com.";
}

export function whyNotPersonName(name: string): string | undefined {
  if (!name.trim()) return "The name is missing.";
  if (name.length > 200) return `A name can have at most 200 characters; this one has ${name.length}.`;
  if (controlCharacters.test(name)) return "A name cannot contain control characters or line breaks.";
}

/** Length is what keeps a password; so nothing is asked of its letters. */
export function whyNotPassword(password: string, email = ""): string | undefined {
  const { atLeast, atMost } = passwordLength;
  if (password.length < atLeast)
    return `A password has at least ${atLeast} characters; this one has ${password.length}.`;
  if (password.length > atMost)
    return `A password can have at most ${atMost} characters; this one has ${password.length}.`;
  if (email && normalEmail(password) === email)
    return "Anybody can guess your e-mail address; choose another password.";
}

/** Typed twice where somebody chooses one on a page; the command line asks once. */
export function whyNotAgain(password: string, again: string | undefined): string | undefined {
  if (again !== undefined && again !== password) return "This is not the same as the password above.";
}

/** The page to go on to after signing in: one of ours, whatever the link that led here says. */
export function safePath(next: string | undefined): string {
  // a browser takes a backslash for a slash, and drops line breaks and tabs: all of them could lead to another host
  return next && /^\/(?![/\\])[^\\\s]*$/.test(next) && !controlCharacters.test(next) ? next : "/";
}

/** Why these cannot be the roles that somebody holds. `known` are the roles that there are. */
export function whyNotRoles(roles: string[], known: { slug: string }[]): string | undefined {
  if (!roles.length) return "Choose at least one role.";
  const stranger = roles.find((role) => !known.some((one) => one.slug === role));
  if (stranger !== undefined)
    return `There is no role "${stranger.slice(0, 60)}"; the roles are ${known.map((one) => one.slug).join(", ")}.`;
}

/** `others` are the site's other administrators. One who never chose a password, or a token, cannot sign in and help. */
export function whyNotTakeAdministrator(member: { name: string }, others: { signs_in: boolean }[]): string | undefined {
  if (others.some((one) => one.signs_in)) return;
  return `${member.name} is the last administrator of this site who can sign in. Make somebody else an administrator first.`;
}

/** A link opens the whole account: `elsewhere` says that it belongs to a site that whoever asks does not administer. */
export function whyNotGiveLink(
  asks: { id: string },
  member: { id: string; name: string },
  elsewhere: boolean,
): string | undefined {
  if (asks.id === member.id) return "You change your own password under Account.";
  if (elsewhere)
    return `${member.name} also belongs to a site that you do not administer, and a new password would open that one too.`;
}

/** What a role allows on a site, where each gate asks for whom it asks. */
export function roleSentence(role: Role, environments: { name: string; gate: Gate | null }[]): string {
  const gates = environments.filter(({ gate }) => gate?.requirements.some((one) => one.role === role.slug));
  const approves = gates.length ? [`approve what goes to ${joinWithAnd(gates.map((one) => one.name))}`] : [];
  const may = [...approves, ...role.permissions.filter((one) => one !== "view").map((one) => permissionPhrases[one])];
  return may.length ? `May ${joinWithAnd(may)}.` : "Sees everything, changes nothing.";
}
