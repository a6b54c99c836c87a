import { type Context, Hono } from "hono";
import { invitationPage } from "../../views/people/invitation.ts";
import { besideFields, Refusal } from "../errors.ts";
import type { AppEnv } from "../http/context.ts";
import { fields } from "../http/forms.ts";
import { doorPage, say } from "../http/pages.ts";
import { startSession } from "../http/session.ts";
import { choosePassword, staleLink } from "./account.ts";
import { findLink } from "./links.ts";
import { passwords } from "./rules.ts";

/** What opens by a link that is good once: an invitation, a new password. */
export const links = new Hono<AppEnv>();

const { atLeast } = passwords;

for (const purpose of ["invitation", "reset"] as const) {
  links.get(`/${purpose}`, async (c) => showInvitation(c, purpose, c.req.query("link") ?? ""));

  links.post(`/${purpose}`, async (c) => {
    const { link, password, again } = await fields(c, "link", "password", "again");
    const { db, at, address, limitHashing } = c.var;
    try {
      const chosen = { purpose, link, password, again, address: address(), at };
      await startSession(c, await choosePassword(db, chosen, limitHashing));
    } catch (error) {
      return showInvitation(c, purpose, link, besideFields(error).errors);
    }
    say(c, "Your password is saved, and you are signed in.");
    return c.redirect("/", 303);
  });
}

async function showInvitation(
  c: Context<AppEnv>,
  purpose: "invitation" | "reset",
  link: string,
  errors?: Record<string, string>,
) {
  const found = await findLink(c.var.db, purpose, link, c.var.at);
  if (!found) throw new Refusal(403, staleLink);
  const who = { name: found.name ?? "", email: found.email ?? "" };
  const content = invitationPage({ purpose, link, atLeast, ...who, ...(errors && { errors }) });
  return doorPage(c, purpose === "invitation" ? "Invitation" : "A new password", content, errors ? 422 : 200);
}
