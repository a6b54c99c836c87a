import { type Context, Hono } from "hono";
import { type SetupForm, setupPage } from "../../views/setup.ts";
import { actorWithoutSite, type Person } from "../access/actor.ts";
import { besideFields, Refusal } from "../errors.ts";
import { containsSecret } from "../http/compression.ts";
import type { AppEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, signedOutPage } from "../http/pages.ts";
import { startSession } from "../http/session.ts";
import { findLink, hasAccount } from "../people/links.ts";
import { passwordLength } from "../people/rules.ts";
import { emptySite, readSite, siteFromForm } from "../sites/form.ts";
import { timeZones } from "../sites/rules.ts";
import { setUp, staleSetupLinkSentence } from "./setup.ts";

/** The first account, by the link that the server prints when it starts without one. */
export const setupRoutes = new Hono<AppEnv>();

const { atLeast } = passwordLength;

setupRoutes.get("/setup", async (c) => {
  if (await hasAccount(c.var.db)) return toSignIn(c);
  const link = c.req.query("link") ?? "";
  if (!(await findLink(c.var.db, "setup", link, c.var.at))) throw new Refusal(403, staleSetupLinkSentence);
  return showSetup(c, { link, name: "", email: "", begin: "site", site: emptySite() });
});

setupRoutes.post("/setup", async (c) => {
  const { password, again, ...posted } = await formFields(c, "link", "name", "email", "password", "again", "begin");
  const form = { ...posted, site: await readSite(c) };
  const { db, at, address, limitHashing } = c.var;
  if (await hasAccount(db)) return toSignIn(c);
  const site = form.begin === "example" ? undefined : siteFromForm(form.site);
  try {
    const first = { ...posted, password, again, site, address: address(), at };
    const { person } = await setUp(db, first, limitHashing);
    await startSession(c, person.id, "as the first account");
    if (site) flash(c, setUpWithSite);
    else await exampleFor(c, person);
    return c.redirect("/", 303);
  } catch (error) {
    return showSetup(c, form, besideFields(error).errors);
  }
});

async function exampleFor(c: Context<AppEnv>, person: Person) {
  // loaded only here, since it is needed once
  const { createExample: makeExample } = await import("../example/example.ts");
  await makeExample(c.var.db, actorWithoutSite(person, c.var.at));
  flash(c, setUpWithExample);
}

const setUpWithSite = "Sitebook is set up, and you are signed in. The first steps are below.";

const setUpWithExample =
  "This is the example shop. Its people, such as Priya Shah of Marketing (priya@example.test), can sign in with your password.";

function toSignIn(c: Context<AppEnv>) {
  flash(c, "Sitebook is already set up.", "bad");
  return c.redirect("/sign-in", 303);
}

function showSetup(c: Context<AppEnv>, form: SetupForm, errors?: Record<string, string>) {
  const content = setupPage({ form, zones: timeZones(), atLeast, ...(errors && { errors }) });
  containsSecret(c);
  return signedOutPage(c, "Set up", content, errors ? 422 : 200);
}
