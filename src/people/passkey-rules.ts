import { freshSignInMinutes, isFreshSignIn } from "../access/fresh-sign-in.ts";

/** What browsers bind a passkey to: this Sitebook's host name, as pages at this origin. */
export interface RelyingParty {
  id: string;
  origin: string;
}

export function relyingParty(baseUrl: string): RelyingParty {
  const { hostname, origin } = new URL(baseUrl);
  return { id: hostname, origin };
}

/** Why browsers offer no passkeys for a Sitebook at this address. */
export function whyNotPasskeysAt(baseUrl: string): string | undefined {
  const { hostname, protocol, origin } = new URL(baseUrl);
  if (/^\[|^[\d.]+$/.test(hostname))
    return `Passkeys belong to a host name, and this Sitebook is at ${origin}. Whoever runs it can set BASE_URL to one.`;
  if (protocol !== "https:" && hostname !== "localhost")
    return `Passkeys need HTTPS, and this Sitebook is at ${origin}. Whoever runs it can set BASE_URL to an https address.`;
}

/** Why this person has to sign in again before they add or remove a passkey. */
export function whyNotChangePasskeys(signedInAt: string | undefined, now: string): string | undefined {
  if (!isFreshSignIn(signedInAt, now))
    return `To add or remove passkeys, sign in again first: you signed in more than ${freshSignInMinutes} minutes ago.`;
}

const maxPasskeys = 20;

export function whyNotAddPasskey(count: number): string | undefined {
  if (count >= maxPasskeys) return `You have ${count} passkeys. Remove one first.`;
}

/** The last way to sign in that works is not removed. */
export function whyNotRemovePasskey(ways: {
  passkeys: number;
  /** Whether they may sign in with passkeys and passwords, or only with a provider. */
  isLocal: boolean;
  hasPassword: boolean;
  hasProvider: boolean;
}): string | undefined {
  if (!ways.isLocal || ways.passkeys > 1 || ways.hasPassword || ways.hasProvider) return;
  return "This is your only way to sign in. Add another passkey first, or ask an administrator of your site for a link to choose a password.";
}
