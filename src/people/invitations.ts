import { type Actor, withoutReplay } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import { listRoles, type Role } from "../access/roles.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { type FieldError, refuse, refuseFields } from "../errors.ts";
import { foldText } from "../text.ts";
import { type Invitation, type Invited, inviteWithin } from "./people.ts";
import { normalEmail, whyNotInvite } from "./rules.ts";

const maxLines = 200;

/**
 * Invites several people, all of them or none: one per line, with name, e-mail address and roles in any order. Throws a
 * Refusal with 422 that names each wrong line.
 */
export function inviteAll(db: Database, actor: Actor, site: Site, text: string): Promise<Invited[]> {
  refuse(whyNotMay(actor, "administer"), 403);
  return siteTransaction(db, withoutReplay(actor), site.id, async (trx, actor) => {
    const known = await listRoles(trx);
    const lines = readInvitations(text, known);
    refuseFields(wrongLines(lines, known));
    const invited: Invited[] = [];
    for (const { invitation } of lines) invited.push(await inviteWithin(trx, actor, site, invitation));
    return invited;
  });
}

interface InvitationLine {
  /** Counted from 1. */
  number: number;
  invitation: Invitation;
}

/** Lines such as `Mara Klein, mara@example.com, Marketing` or `Mara Klein <mara@example.com>; marketing`. */
function readInvitations(text: string, known: Role[]): InvitationLine[] {
  return text
    .split(/\r\n?|\n/)
    .flatMap((line, i) => (line.trim() ? [{ number: i + 1, invitation: read(line, known) }] : []));
}

function read(line: string, known: Role[]): Invitation {
  const parts = line.replace(/<([^<>]*)>/g, ",$1,").split(/[,;\t]/);
  const words = parts.map((part) => part.trim()).filter(Boolean);
  const roleOf = (word: string) =>
    known.find(({ slug, name }) => [slug, name].some((called) => foldText(called) === foldText(word)))?.slug;
  const email = words.find((word) => word.includes("@")) ?? "";
  // the first that is none of the others is the name, and a further one is taken for a role that does not exist
  const [name = "", ...others] = words.filter((word) => word !== email && !roleOf(word));
  return { name, email, roles: [...words.flatMap((word) => roleOf(word) ?? []), ...others] };
}

function wrongLines(lines: InvitationLine[], known: Role[]): FieldError[] {
  const wrong = (message: string) => [{ path: "people", message }];
  if (!lines.length) return wrong("List at least one person, one per line.");
  if (lines.length > maxLines) return wrong(`At most ${maxLines} people can be invited at once.`);
  const seen = new Map<string, number>();
  const sentences = lines.flatMap(({ number, invitation }) => {
    const email = normalEmail(invitation.email);
    const earlier = seen.get(email);
    seen.set(email, number);
    const [error] = whyNotInvite(invitation, known);
    if (error) return [`Line ${number}: ${error.message}`];
    return earlier ? [`Line ${number}: this is the e-mail address of line ${earlier}. Put all roles on one line.`] : [];
  });
  return sentences.length ? wrong(sentences.join(" ")) : [];
}
