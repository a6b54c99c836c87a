import type { Client } from "../access/security-events.ts";
import { recordSecurityEvent } from "../access/security-events.ts";
import type { Database } from "../database/connect.ts";
import { sendLetter } from "../mail/letter.ts";
import type { Mailer } from "../mail/mailer.ts";
import { addMs } from "../time/add.ts";
import { newLink } from "./links.ts";
import { normalEmail } from "./rules.ts";
import { whyNotUsePassword } from "./ways.ts";

const maxLinksAnHour = 3;

/**
 * Mails a link for a new password, or the invitation again, to who has an account with this address; at most three an hour.
 * Does nothing otherwise: nobody may learn who has an account, so the caller neither waits for this nor says what came of it.
 */
export async function mailPasswordLink(
  db: Database,
  email: string,
  { mailer, baseUrl, client, at }: { mailer: Mailer; baseUrl: string; client: Client; at: string },
): Promise<void> {
  const person = await db
    .selectFrom("people")
    .select(["id", "name", "email", "password"])
    .where("email", "=", normalEmail(email))
    .where("kind", "=", "person")
    .executeTakeFirst();
  if (
    !person?.email ||
    (await whyNotUsePassword(db, person.id)) ||
    (await linksSince(db, person.id, at)) >= maxLinksAnHour
  )
    return;
  const purpose = person.password ? "reset" : "invitation";
  const link = await newLink(db, purpose, person.id, at);
  await recordSecurityEvent(db, at, client, { kind: "link_created", personId: person.id, detail: "by mail" });
  await sendLetter(mailer, baseUrl, {
    to: { name: person.name, address: person.email },
    subject: "Your link for a new password",
    lead: "Somebody, probably you, asked for a new password for Sitebook. The link works once. If it was not you, ignore this mail: your password stays as it is.",
    actions: [{ text: "Choose a password", url: `${baseUrl}/${purpose}?link=${link}` }],
    why: "You get this because it was asked for on the sign-in page.",
  });
}

async function linksSince(db: Database, personId: string, at: string): Promise<number> {
  const { count } = await db
    .selectFrom("security_events")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("person_id", "=", personId)
    .where("kind", "=", "link_created")
    .where("at", ">", addMs(at, -3_600_000))
    .executeTakeFirstOrThrow();
  return count;
}
