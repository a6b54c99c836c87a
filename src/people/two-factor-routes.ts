import { Hono } from "hono";
import { accountAddress } from "../../views/people/account.ts";
import { recoveryCodesPage, twoFactorPage } from "../../views/people/two-factor.ts";
import { besideFields, refuse } from "../errors.ts";
import { containsSecret } from "../http/compression.ts";
import type { PersonContext, PersonEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, personPage } from "../http/pages.ts";
import { browserSecret, clientOf, needPerson } from "../http/session.ts";
import { checkCode } from "./code-sign-in.ts";
import { qrCode } from "./qr-code.ts";
import { personOrRefusal, tryPassword } from "./sign-in.ts";
import { otpauthLink } from "./totp.ts";
import {
  beginTwoFactor,
  confirmTwoFactor,
  endTwoFactor,
  pendingSecret,
  renewRecoveryCodes,
  twoFactorOf,
} from "./two-factor.ts";
import { whyNotProve, whyNotUsePassword } from "./ways.ts";

/** A person's own two-factor sign-in. */
export const twoFactorRoutes = new Hono<PersonEnv>();

twoFactorRoutes.use("/account/*", needPerson);

twoFactorRoutes.get("/account/two-factor", (c) => show(c));

twoFactorRoutes.post("/account/two-factor", (context) =>
  orShow(context, async (c) => {
    const { password } = await formFields(c, "password");
    refuse(await whyNotUsePassword(c.var.db, c.var.person.id), 403);
    await checkPassword(c, password);
    await beginTwoFactor(c.var.db, c.var.secrets, c.var.person.id);
    return c.redirect(here(c), 303);
  }),
);

twoFactorRoutes.post("/account/two-factor/confirmation", (context) =>
  orShow(context, async (c) => {
    const { code } = await formFields(c, "code");
    const { db, secrets, person, at } = c.var;
    const codes = await confirmTwoFactor(db, secrets, person.id, { code, client: clientOf(c), at });
    return showCodes(c, codes);
  }),
);

twoFactorRoutes.post("/account/two-factor/change", (context) =>
  orShow(context, async (c) => {
    const { password, code, change } = await formFields(c, "password", "code", "change");
    const { db, person, at } = c.var;
    await checkPassword(c, password);
    await checkCode(c, person, code, 422);
    const by = { client: clientOf(c), at };
    if (change !== "off") return showCodes(c, await renewRecoveryCodes(db, person.id, by));
    await endTwoFactor(db, person.id, by);
    flash(c, "Two-factor sign-in is off.");
    return c.redirect(accountAddress(c.req.query("site")), 303);
  }),
);

const here = (c: PersonContext) => accountAddress(c.req.query("site"), "/two-factor");

/** Anybody could use a browser that was left open. */
async function checkPassword(c: PersonContext, password: string): Promise<void> {
  const { db, person, at, mailer, limitHashing } = c.var;
  refuse(await whyNotProve(db, person.id, mailer));
  const attempt = { email: person.email ?? "", password, ...clientOf(c), browser: browserSecret(c), at };
  const result = await tryPassword(db, attempt, limitHashing);
  personOrRefusal(result, { sentence: "This is not your password.", path: "password", status: 422 });
}

async function orShow(c: PersonContext, work: (c: PersonContext) => Promise<Response>): Promise<Response> {
  try {
    return await work(c);
  } catch (error) {
    const { errors, status, retryAfter } = besideFields(error);
    if (retryAfter) c.header("retry-after", String(retryAfter));
    return show(c, { errors, status });
  }
}

async function show(c: PersonContext, refused?: { errors: Record<string, string>; status: number }) {
  const { db, secrets, person, mailer } = c.var;
  const secret = await pendingSecret(db, secrets, person.id);
  if (secret) containsSecret(c);
  const content = twoFactorPage({
    from: c.req.query("site"),
    ...(await twoFactorOf(db, person.id)),
    pending: secret ? addingTo(secret, person.email ?? "") : undefined,
    why: secrets.whyNotSeal() ?? (await whyNotProve(db, person.id, mailer)),
    errors: refused?.errors ?? {},
  });
  return personPage(c, "Two-factor sign-in", content, (refused?.status ?? 200) as 200);
}

/** The ways to add a secret to an app. */
function addingTo(secret: string, email: string) {
  const link = otpauthLink(secret, email);
  return { secret, link, qr: qrCode(link) };
}

/** Answers the post itself: only this answer contains the codes. */
function showCodes(c: PersonContext, codes: string[]) {
  containsSecret(c);
  return personPage(c, "Recovery codes", recoveryCodesPage({ from: c.req.query("site"), codes }), 201);
}
