import type { Site } from "../access/sites.ts";
import { sendLetter } from "../mail/letter.ts";
import type { Mailer } from "../mail/mailer.ts";
import type { InvitedGuest } from "./guests.ts";

/** The address that an invitation opens. It contains the secret, so it is shown once. */
export const invitationUrl = (baseUrl: string, { link }: Pick<InvitedGuest, "link">): string =>
  `${baseUrl}/guest?link=${link}`;

/** Mails a guest the link. Returns why it could not be sent; the link is still valid then. `by`: the name of the inviter. */
export async function mailInvitation(
  { mailer, baseUrl }: { mailer: Mailer | undefined; baseUrl: string },
  site: Site,
  by: string,
  guest: InvitedGuest,
): Promise<string | undefined> {
  const { name, email, promotion } = guest;
  try {
    await sendLetter(mailer as Mailer, baseUrl, {
      to: { name, address: email },
      subject: `${site.name}: your approval of ${promotion.name}`,
      lead: `${by} asks you to review what will change on ${promotion.environment.name} of ${site.name}, and to approve or reject it.`,
      actions: [{ text: "Review", url: invitationUrl(baseUrl, guest) }],
      why: `You get this because ${by} entered your address. Without a code that is sent to you, the link opens nothing.`,
    });
  } catch (error) {
    return (error as Error).message;
  }
}
