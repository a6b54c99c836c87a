import { type Context, Hono } from "hono";
import { accountAddress, accountPage } from "../../views/people/account.ts";
import { signInPage } from "../../views/people/sign-in.ts";
import type { Person } from "../access/actor.ts";
import { recordSecurityEvent } from "../access/security-events.ts";
import { closeSessionsOf, listSessions } from "../access/sessions.ts";
import { rolesBySite } from "../access/sites.ts";
import { isDiskFull } from "../database/errors.ts";
import { besideFields } from "../errors.ts";
import type { AppEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, personPage, signedOutPage, siteOfReader } from "../http/pages.ts";
import {
  browserSecret,
  clientOf,
  endSession,
  needPerson,
  sessionHash,
  signInAddress,
  startSession,
} from "../http/session.ts";
import { changeName, changePassword } from "./account.ts";
import { hasAccount } from "./links.ts";
import { passwordLength, safePath } from "./rules.ts";
import { browserName } from "./security-sentences.ts";
import { personOrRefusal, tryPassword } from "./sign-in.ts";

/** Signing in and out, and the account page. */
export const accountRoutes = new Hono<AppEnv>();

accountRoutes.get("/sign-in", async (c) => {
  const next = safePath(c.req.query("next"));
  if (c.var.person && !c.req.query("again")) return c.redirect(next, 303);
  return signedOutPage(c, "Sign in", signInPage({ next, first: !(await hasAccount(c.var.db)) }));
});

accountRoutes.post("/sign-in", async (c) => {
  const { email, password, ...form } = await formFields(c, "email", "password", "next");
  const { db, at, limitHashing } = c.var;
  const next = safePath(form.next);
  try {
    const attempt = { email, password, ...clientOf(c), browser: browserSecret(c), at };
    const result = await tryPassword(db, attempt, limitHashing);
    await startSession(c, personOrRefusal(result, noMatch).id, "with a password");
    return c.redirect(next, 303);
  } catch (error) {
    const { errors, status, retryAfter } = besideFields(error, "password");
    if (retryAfter) c.header("retry-after", String(retryAfter));
    const content = signInPage({ next, email, error: errors.password, first: false });
    return signedOutPage(c, "Sign in", content, status as 401 | 429);
  }
});

const noMatch = {
  sentence: "Wrong e-mail or password.",
  path: "password",
  status: 401,
} as const;

accountRoutes.post("/sign-out", async (c) => {
  const { everywhere, next } = await formFields(c, "everywhere", "next");
  const { person, db } = c.var;
  await endSession(c);
  if (everywhere && person) await closeSessionsOf(db, person.id);
  if (person) await recordSignOut(c, person.id, everywhere ? "sessions_ended" : "signed_out");
  flash(c, everywhere ? "You are signed out everywhere." : "You are signed out.");
  return c.redirect(next ? signInAddress(safePath(next)) : "/sign-in", 303);
});

/** Ignores a full disk, so that people can sign out. */
async function recordSignOut(c: Context<AppEnv>, personId: string, kind: "signed_out" | "sessions_ended") {
  try {
    await recordSecurityEvent(c.var.db, c.var.at, clientOf(c), { kind, personId });
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}

type SignedIn = Context<{ Variables: AppEnv["Variables"] & { person: Person } }>;

accountRoutes.use("/account/*", needPerson);

accountRoutes.get("/account", async (c) => showAccount(c as SignedIn));

accountRoutes.post("/account/name", async (c) => {
  const { person, db, at } = (c as SignedIn).var;
  const { name } = await formFields(c, "name");
  try {
    await changeName(db, person, name, at);
  } catch (error) {
    return showAccount(c as SignedIn, { ...besideFields(error), name });
  }
  flash(c, "Name changed.");
  return c.redirect(accountAddress(c.req.query("site")), 303);
});

accountRoutes.post("/account/password", async (c) => {
  const { person, db, at, limitHashing } = (c as SignedIn).var;
  const { current, password, again } = await formFields(c, "current", "password", "again");
  try {
    const change = { current, password, again, client: clientOf(c), browser: browserSecret(c), at };
    await changePassword(db, person, change, limitHashing);
  } catch (error) {
    return showAccount(c as SignedIn, besideFields(error));
  }
  await startSession(c, person.id);
  flash(c, "Password changed. All other browsers have been signed out.");
  return c.redirect(accountAddress(c.req.query("site")), 303);
});

type RefusedForm = ReturnType<typeof besideFields> & { name?: string };

async function showAccount(c: SignedIn, refused?: RefusedForm) {
  const { person, db, at } = c.var;
  const own = sessionHash(c);
  if (refused?.retryAfter) c.header("retry-after", String(refused.retryAfter));
  const content = accountPage({
    site: c.req.query("site"),
    name: refused?.name ?? person.name,
    email: person.email ?? "",
    sites: await rolesBySite(db, person.id),
    sessions: (await listSessions(db, person.id, at)).map(({ user_agent, ...session }) => ({
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
