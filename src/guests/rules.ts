import { type FieldError, fieldErrors } from "../errors.ts";
import { normalEmail, whyNotEmail } from "../people/rules.ts";
import { joinWithOr, whyNotName } from "../text.ts";

export interface GuestRequest {
  name: string;
  email: string;
  role: string;
}

/** The most guests of a promotion. */
const maxGuests = 20;

/** Why no guest can be invited to a promotion at all. */
export function whyNoGuests(
  { open, number, gate, environment }: InvitingPromotion,
  mailIsSetUp: boolean,
): string | undefined {
  if (!open) return `Promotion ${number} has ended, so nobody decides on it any more.`;
  if (!gate?.guest_roles.length)
    return `The gate of ${environment.name} is not open to guests. An administrator can open it for a role, for promotions requested from then on.`;
  if (!mailIsSetUp) return "Guests confirm who they are by a code sent to them, and no mail server is set up.";
}

interface InvitingPromotion {
  open: boolean;
  number: number;
  gate: { guest_roles: string[]; requirements: { role: string }[] } | null;
  environment: { name: string };
}

/** The roles in which guests of this promotion can decide: those that its gate opens to them and needs. */
export const guestRoles = ({ gate }: Pick<InvitingPromotion, "gate">): string[] =>
  gate?.guest_roles.filter((role) => gate.requirements.some((one) => one.role === role)) ?? [];

/** Whose an address is already. Nobody decides twice, or on what they requested, by being a guest. */
interface Known {
  /** Of somebody with a role on the site. */
  isMember: boolean;
  /** Of a guest whose approval counts, also if their invitation has ended. */
  hasApproved: boolean;
}

/** What is wrong with an invitation, by field. `others` are the guests who are invited already. */
export function guestErrors(
  { name, email, role }: GuestRequest,
  promotion: InvitingPromotion,
  others: { email: string }[],
  known: Known,
): FieldError[] {
  const roles = guestRoles(promotion);
  const address = normalEmail(email);
  const repeated = others.some((other) => other.email === address) ? "This guest is invited already." : undefined;
  return fieldErrors({
    name: whyNotName(name),
    email: whyNotEmail(address) ?? repeated ?? whyNotKnown(known),
    role: roles.includes(role) ? undefined : `Select a role that is open to guests: ${joinWithOr(roles) || "none is"}.`,
    guests: others.length >= maxGuests ? `A promotion can have ${maxGuests} guests.` : undefined,
  });
}

function whyNotKnown({ isMember, hasApproved }: Known): string | undefined {
  if (hasApproved) return "This guest has already approved this promotion.";
  if (isMember)
    return "This person has a role on this site, so they cannot be a guest. Ask an administrator to give them this role instead.";
}

export interface GuestFacts {
  expires_at: string;
  revoked_at: string | null;
  code_expires_at: string | null;
  tries: number;
}

/** Why a link no longer works. */
export function whyNotGuest({ expires_at, revoked_at }: GuestFacts, now: string): string | undefined {
  if (revoked_at) return "This invitation was withdrawn. Ask the person who invited you.";
  if (expires_at <= now) return "This invitation has expired. Ask the person who invited you for a new one.";
}

export const maxCodes = 10;
const maxTries = 5;

export const tooManyCodes =
  "Too many codes were sent for this invitation. Ask the person who invited you for a new one.";

/** Why a code is not looked at. */
export function whyNotTryCode({ code_expires_at, tries }: GuestFacts, now: string): string | undefined {
  if (!code_expires_at || code_expires_at <= now) return "The code has expired. Send a new one.";
  if (tries >= maxTries) return "This code was entered wrongly too often. Send a new one.";
}

/** "j…@agency.example": enough to know which of one's addresses it is. */
export const maskedEmail = (email: string): string => email.replace(/^(.)[^@]*/u, "$1…");

/** How it is known who a guest is, for the record. The chain keeps no whole address: nobody could have it erased. */
export const guestIdentity = (email: string): string => `code sent to ${maskedEmail(email)}`;
