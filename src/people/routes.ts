import { type Context, Hono } from "hono";
import { accountPage } from "../../views/account.ts";
import { signInPage } from "../../views/sign-in.ts";
import { besideFields } from "../errors.ts";
import { rolesBySite } from "../sites/queries.ts";
import { type AppEnv, doorPage, endSession, fields, needPerson, plainPage, say, startSession } from "../web.ts";
import { changeName, changePassword } from "./account.ts";
import type { Person } from "./by.ts";
import { hasAccount } from "./links.ts";
import { passwords, safePath } from "./rules.ts";
import { closeSessionsOf } from "./sessions.ts";
import { triesSentence, tryPassword } from "./sign-in.ts";

/** Signing in and out, and one's own account. */
export const people = new Hono<AppEnv>();

people.get("/sign-in", async (c) => {
  const next = safePath(c.req.query("next"));
  if (c.var.person) return c.redirect(next, 303);
  return doorPage(c, "Sign in", signInPage({ next, first: !(await hasAccount(c.var.db)) }));
});

people.post("/sign-in", async (c) => {
  const { email, password, ...form } = await fields(c, "email", "password", "next");
  const next = safePath(form.next);
  const tried = await tryPassword(c.var.db, { email, password, address: c.var.address, at: c.var.at });
  if ("person" in tried) {
    await startSession(c, tried.person.id);
    return c.redirect(next, 303);
  }
  if ("wait" in tried) c.header("retry-after", String(tried.wait));
  const wrong = triesSentence("That e-mail and password do not belong together.", tried);
  const first = !(await hasAccount(c.var.db));
  return doorPage(c, "Sign in", signInPage({ next, email, wrong, first }), "wait" in tried ? 429 : 401);
});

people.post("/sign-out", async (c) => {
  const { everywhere } = await fields(c, "everywhere");
  await endSession(c);
  if (everywhere && c.var.person) await closeSessionsOf(c.var.db, c.var.person.id);
  say(c, everywhere ? "You are signed out everywhere." : "You are signed out.");
  return c.redirect("/sign-in", 303);
});

type SignedIn = Context<{ Variables: AppEnv["Variables"] & { person: Person } }>;

people.use("/account/*", needPerson);

people.get("/account", async (c) => showAccount(c as SignedIn));

people.post("/account/name", async (c) => {
  const { person, db } = (c as SignedIn).var;
  const { name } = await fields(c, "name");
  try {
    await changeName(db, person, name);
  } catch (error) {
    return showAccount(c as SignedIn, { ...besideFields(error), name });
  }
  say(c, "Your name is changed.");
  return c.redirect("/account", 303);
});

people.post("/account/password", async (c) => {
  const { person, db, address, at } = (c as SignedIn).var;
  const { current, password, again } = await fields(c, "current", "password", "again");
  try {
    await changePassword(db, person, { current, password, again, address, at });
  } catch (error) {
    return showAccount(c as SignedIn, besideFields(error));
  }
  await startSession(c, person.id);
  say(c, "Your password is changed. All other browsers are signed out.");
  return c.redirect("/account", 303);
});

async function showAccount(c: SignedIn, wrong?: { errors: Record<string, string>; status: number; name?: string }) {
  const { person, db } = c.var;
  const content = accountPage({
    name: wrong?.name ?? person.name,
    email: person.email ?? "",
    sites: await rolesBySite(db, person.id),
    atLeast: passwords.atLeast,
    ...(wrong && { errors: wrong.errors }),
  });
  return plainPage(c, "Account", content, (wrong?.status ?? 200) as 200);
}
