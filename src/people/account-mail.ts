import { sendLetter } from "../mail/letter.ts";
import type { Mailer } from "../mail/mailer.ts";

interface Owner {
  name: string;
  email: string | null;
}

const changes = {
  twoFactorOn: "Two-factor sign-in is on",
  twoFactorOff: "Two-factor sign-in is off",
  passkeyAdded: "A passkey was added",
  passkeyRemoved: "A passkey was removed",
};

/**
 * Writes to a person how their sign-in was changed, as somebody else could have done it. `detail` continues the sentence.
 * Does nothing without a mail server, and nobody waits for it.
 */
export function mailAccountChange(
  { mailer, baseUrl }: { mailer: Mailer | undefined; baseUrl: string },
  { name, email }: Owner,
  change: keyof typeof changes,
  detail = "",
): void {
  if (!mailer || !email) return;
  const what = changes[change];
  sendLetter(mailer, baseUrl, {
    to: { name, address: email },
    subject: what,
    lead: `${what} for your account on Sitebook${detail}. If that was not you, change your password and tell an administrator of your site at once.`,
    actions: [{ text: "Security events", url: `${baseUrl}/account/security` }],
    why: "You get this because it changes how you sign in.",
  }).catch((error: unknown) => console.error("A change of an account could not be mailed:", error));
}
