import { type Context, Hono } from "hono";
import { invitationPage } from "../../views/people/invitation.ts";
import { besideFields, Refusal, refuse } from "../errors.ts";
import { containsSecret } from "../http/compression.ts";
import type { AppEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, signedOutPage } from "../http/pages.ts";
import { clientOf } from "../http/session.ts";
import { choosePassword, staleLinkSentence } from "./account.ts";
import { afterPassword } from "./code-sign-in.ts";
import { findLink } from "./links.ts";
import { passwordLength } from "./rules.ts";
import { whyNotUsePassword } from "./ways.ts";

/** The pages behind links that work once: an invitation, a password reset. */
export const linkRoutes = new Hono<AppEnv>();

const { atLeast } = passwordLength;

for (const purpose of ["invitation", "reset"] as const) {
  linkRoutes.get(`/${purpose}`, async (c) => showInvitation(c, purpose, c.req.query("link") ?? ""));

  linkRoutes.post(`/${purpose}`, async (c) => {
    const { link, password, again } = await formFields(c, "link", "password", "again");
    const { db, at, limitHashing } = c.var;
    let next: string;
    try {
      const form = { purpose, link, password, again, client: clientOf(c), at };
      next = await afterPassword(c, await choosePassword(db, form, limitHashing), "with a new password", "/");
    } catch (error) {
      return showInvitation(c, purpose, link, besideFields(error).errors);
    }
    flash(c, next === "/" ? "Your password is saved, and you are signed in." : "Your password is saved.");
    return c.redirect(next, 303);
  });
}

async function showInvitation(
  c: Context<AppEnv>,
  purpose: "invitation" | "reset",
  link: string,
  errors?: Record<string, string>,
) {
  const found = await findLink(c.var.db, purpose, link, c.var.at);
  if (!found?.person_id) throw new Refusal(403, staleLinkSentence);
  refuse(await whyNotUsePassword(c.var.db, found.person_id), 403);
  const person = { name: found.name ?? "", email: found.email ?? "" };
  const content = invitationPage({ purpose, link, atLeast, ...person, ...(errors && { errors }) });
  containsSecret(c);
  return signedOutPage(c, purpose === "invitation" ? "Invitation" : "New password", content, errors ? 422 : 200);
}
