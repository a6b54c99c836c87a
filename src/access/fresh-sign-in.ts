export const freshSignInMinutes = 15;

/** Whether somebody has just signed in, for what a browser that was left open must not be enough for. */
export const isFreshSignIn = (signedInAt: string | undefined, now: string): boolean =>
  signedInAt !== undefined && Date.parse(now) - Date.parse(signedInAt) <= freshSignInMinutes * 60_000;
