import { Hono } from "hono";
import { addressPage, forgotPage } from "../../views/people/by-mail.ts";
import { containsSecret } from "../http/compression.ts";
import type { AppEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, signedOutPage } from "../http/pages.ts";
import { clientOf } from "../http/session.ts";
import { logError } from "../log.ts";
import { confirmAddress, findAddressChange } from "./address.ts";
import { mailPasswordLink } from "./reset-by-mail.ts";

/** What people do with their accounts by mail: a new password, a new address. */
export const mailRoutes = new Hono<AppEnv>();

mailRoutes.get("/forgot", (c) =>
  signedOutPage(c, "New password", forgotPage({ mailIsSetUp: c.var.mailer !== undefined })),
);

mailRoutes.post("/forgot", async (c) => {
  const { email } = await formFields(c, "email");
  const { db, mailer, baseUrl, at } = c.var;
  // not awaited: how long it takes would tell who has an account
  if (mailer)
    mailPasswordLink(db, email, { mailer, baseUrl, client: clientOf(c), at }).catch((error: unknown) =>
      logError("A link for a new password could not be mailed:", error),
    );
  return signedOutPage(c, "New password", forgotPage({ mailIsSetUp: mailer !== undefined, sentTo: email }));
});

mailRoutes.get("/address", async (c) => {
  const link = c.req.query("link") ?? "";
  const { email, name } = await findAddressChange(c.var.db, link, c.var.at);
  containsSecret(c);
  return signedOutPage(c, "New address", addressPage({ link, email, name }));
});

mailRoutes.post("/address", async (c) => {
  const { link } = await formFields(c, "link");
  const { db, at, mailer, baseUrl } = c.var;
  const { email } = await confirmAddress(db, link, at, { client: clientOf(c), mailer, baseUrl });
  flash(c, `You sign in as ${email} from now on.`);
  return c.redirect("/account", 303);
});
