import { freshSignInMinutes, isFreshSignIn } from "../access/fresh-sign-in.ts";

/** Why this person may not close an account: their own, or, for who administers every site, anybody's. */
export function whyNotClose(isOwn: boolean, everySite: boolean): string | undefined {
  if (isOwn || everySite) return;
  return "An account is the same on all sites, so only its owner, or somebody who administers all of them, may close it.";
}

/** Why somebody without a password has to sign in again before they close their account. */
export function whyNotFreshlySignedIn(signedInAt: string | undefined, now: string): string | undefined {
  if (isFreshSignIn(signedInAt, now)) return;
  return `You have no password, so sign in again first: you signed in more than ${freshSignInMinutes} minutes ago.`;
}
