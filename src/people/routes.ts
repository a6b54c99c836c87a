import { type Context, Hono } from "hono";
import { accountAddress, accountPage } from "../../views/people/account.ts";
import { signInPage } from "../../views/people/sign-in.ts";
import type { Person } from "../access/actor.ts";
import { closeSessionsOf } from "../access/sessions.ts";
import { rolesBySite } from "../access/sites.ts";
import { besideFields } from "../errors.ts";
import type { AppEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, personPage, signedOutPage } from "../http/pages.ts";
import { browserSecret, endSession, needPerson, signInAddress, startSession } from "../http/session.ts";
import { changeName, changePassword } from "./account.ts";
import { hasAccount } from "./links.ts";
import { passwordLength, safePath } from "./rules.ts";
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
  const { db, address, at, limitHashing } = c.var;
  const next = safePath(form.next);
  try {
    const attempt = { email, password, address: address(), browser: browserSecret(c), at };
    const result = await tryPassword(db, attempt, limitHashing);
    await startSession(c, personOrRefusal(result, noMatch).id);
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
  await endSession(c);
  if (everywhere && c.var.person) await closeSessionsOf(c.var.db, c.var.person.id);
  flash(c, everywhere ? "You are signed out everywhere." : "You are signed out.");
  return c.redirect(next ? signInAddress(safePath(next)) : "/sign-in", 303);
});

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
  const { person, db, address, at, limitHashing } = (c as SignedIn).var;
  const { current, password, again } = await formFields(c, "current", "password", "again");
  try {
    const change = { current, password, again, address: address(), browser: browserSecret(c), at };
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
  const { person, db } = c.var;
  if (refused?.retryAfter) c.header("retry-after", String(refused.retryAfter));
  const content = accountPage({
    site: c.req.query("site"),
    name: refused?.name ?? person.name,
    email: person.email ?? "",
    sites: await rolesBySite(db, person.id),
    atLeast: passwordLength.atLeast,
    ...(refused && { errors: refused.errors }),
  });
  return personPage(c, "Account", content, (refused?.status ?? 200) as 200);
}
