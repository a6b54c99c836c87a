import { type Context, Hono } from "hono";
import { accountAddress, accountPage } from "../../views/people/account.ts";
import { keepForm } from "../access/kept-forms.ts";
import { recordSecurityEvent } from "../access/security-events.ts";
import { closeSessionsOf, listSessions, type ProviderSignIn } from "../access/sessions.ts";
import { rolesBySite } from "../access/sites.ts";
import { isDiskFull } from "../database/errors.ts";
import { besideFields, refuse, shownRefusal } from "../errors.ts";
import type { AppEnv, PersonContext, PersonEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, personPage, siteOfReader } from "../http/pages.ts";
import {
  browserSecret,
  clientOf,
  endSession,
  needPerson,
  providerOfBrowser,
  sessionHash,
  signInAddress,
} from "../http/session.ts";
import { changeName, changePassword } from "./account.ts";
import { requestAddress } from "./address.ts";
import { afterPassword, checkCode } from "./code-sign-in.ts";
import { hasAccount } from "./links.ts";
import { passwordLength, safePath } from "./rules.ts";
import { browserName } from "./security-sentences.ts";
import { personOrRefusal, tryPassword } from "./sign-in.ts";
import { showSignIn } from "./sign-in-page.ts";
import { twoFactorOf } from "./two-factor.ts";
import { whyNotProve, whyNotUsePassword } from "./ways.ts";

/** Signing in and out. */
export const signInRoutes = new Hono<AppEnv>();

signInRoutes.get("/sign-in", async (c) => {
  const next = safePath(c.req.query("next"));
  const again = c.req.query("again") !== undefined;
  if (c.var.person && !again) return c.redirect(next, 303);
  return showSignIn(c, { next, again, first: !(await hasAccount(c.var.db)) });
});

signInRoutes.post("/sign-in", async (c) => {
  const { email, password, ...form } = await formFields(c, "email", "password", "next");
  const { db, at, limitHashing } = c.var;
  const next = safePath(form.next);
  try {
    const attempt = { email, password, ...clientOf(c), browser: browserSecret(c), at };
    const { id } = personOrRefusal(await tryPassword(db, attempt, limitHashing), noMatch);
    refuse(await whyNotUsePassword(db, id), 403);
    return c.redirect(await afterPassword(c, id, "with a password", next), 303);
  } catch (error) {
    const { refused, errors, status, retryAfter } = shownRefusal(error);
    if (retryAfter) c.header("retry-after", String(retryAfter));
    return showSignIn(c, { next, email, error: errors.password ?? refused, status: status as 401 | 429 });
  }
});

const noMatch = {
  sentence: "Wrong e-mail or password.",
  path: "password",
  status: 401,
} as const;

signInRoutes.post("/sign-out", async (c) => {
  const { everywhere, next } = await formFields(c, "everywhere", "next");
  const { person, db } = c.var;
  const provider = person && !next && (await providerOfBrowser(c));
  await endSession(c);
  if (everywhere && person) await closeSessionsOf(db, person.id);
  if (person) await unlessFull(() => recordSignOut(c, person.id, everywhere ? "sessions_ended" : "signed_out"));
  const atProvider = person && provider && (await unlessFull(() => signedOutAddress(c, person.id, provider)));
  if (atProvider) return c.redirect(atProvider, 303);
  flash(c, everywhere ? "You are signed out everywhere." : "You are signed out.");
  return c.redirect(next ? signInAddress(safePath(next)) : "/sign-in", 303);
});

/** Ignores a full disk, so that people can sign out. */
async function unlessFull<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}

const recordSignOut = (c: Context<AppEnv>, personId: string, kind: "signed_out" | "sessions_ended") =>
  recordSecurityEvent(c.var.db, c.var.at, clientOf(c), { kind, personId });

/** The page that offers to sign out of the provider as well. What that needs is kept for this browser only. */
async function signedOutAddress(c: Context<AppEnv>, personId: string, { slug, idToken }: ProviderSignIn) {
  const secret = browserSecret(c);
  if (!secret) return;
  const id = await keepForm(c.var.db, { personId, secret, at: c.var.at }, { idToken });
  return `/sign-in/${slug}/signed-out?of=${id}`;
}

/** The account page. */
export const accountRoutes = new Hono<PersonEnv>();

accountRoutes.use("/account/*", needPerson);

accountRoutes.get("/account", async (c) => showAccount(c));

accountRoutes.post("/account/name", async (c) => {
  const { person, db, at } = c.var;
  const { name } = await formFields(c, "name");
  try {
    await changeName(db, person, name, at);
  } catch (error) {
    return showAccount(c, { ...besideFields(error), name });
  }
  flash(c, "Name changed.");
  return c.redirect(accountAddress(c.req.query("site")), 303);
});

accountRoutes.post("/account/password", async (c) => {
  const { person, db, at, mailer, limitHashing } = c.var;
  const { current, password, again } = await formFields(c, "current", "password", "again");
  refuse(await whyNotProve(db, person.id, mailer));
  try {
    const change = { current, password, again, client: clientOf(c), browser: browserSecret(c), at };
    await changePassword(db, person, change, limitHashing);
  } catch (error) {
    return showAccount(c, besideFields(error));
  }
  const next = await afterPassword(c, person.id, undefined, accountAddress(c.req.query("site")));
  flash(c, "Password changed. All other browsers have been signed out.");
  return c.redirect(next, 303);
});

accountRoutes.post("/account/address", async (c) => {
  const { person, db, at, mailer, baseUrl, limitHashing: hashing } = c.var;
  const { email, email_password: password, code } = await formFields(c, "email", "email_password", "code");
  refuse(await whyNotProve(db, person.id, mailer));
  try {
    const request = { email, password, client: clientOf(c), browser: browserSecret(c), at };
    const beforeMail = async () => {
      if ((await twoFactorOf(db, person.id)).isOn) await checkCode(c, person, code, 422);
    };
    await requestAddress(db, person, request, { mailer, baseUrl, hashing, beforeMail });
  } catch (error) {
    return showAccount(c, { ...besideFields(error), newEmail: email });
  }
  flash(c, `A link is on its way to ${email}. The address is changed once you open it.`);
  return c.redirect(accountAddress(c.req.query("site")), 303);
});

type RefusedForm = ReturnType<typeof besideFields> & { name?: string; newEmail?: string };

async function showAccount(c: PersonContext, refused?: RefusedForm) {
  const { person, db, at, mailer } = c.var;
  const own = sessionHash(c);
  if (refused?.retryAfter) c.header("retry-after", String(refused.retryAfter));
  const content = accountPage({
    site: c.req.query("site"),
    name: refused?.name ?? person.name,
    email: person.email ?? "",
    newEmail: refused?.newEmail ?? "",
    mailIsSetUp: mailer !== undefined,
    whyNoPassword: await whyNotProve(db, person.id, mailer),
    hasTwoFactor: (await twoFactorOf(db, person.id)).isOn,
    sites: await rolesBySite(db, person.id),
    sessions: (await listSessions(db, person.id, at, c.var.sessionLifetime)).map(({ user_agent, ...session }) => ({
      ...session,
      browser: browserName(user_agent),
      isThis: session.hash === own,
    })),
    zone: (await siteOfReader(c))?.site.time_zone ?? "UTC",
    now: at,
    atLeast: passwordLength.atLeast,
    ...(refused && { errors: refused.errors }),
  });
  return personPage(c, "Account", content, (refused?.status ?? 200) as 200);
}
