import { type Context, Hono } from "hono";
import { invitationPage } from "../../views/invitation.ts";
import { type SetupForm, setupPage } from "../../views/setup.ts";
import { besideFields, Refusal } from "../errors.ts";
import { emptySite, readSite, siteFrom } from "../sites/form.ts";
import { timeZones } from "../sites/rules.ts";
import { type AppEnv, doorPage, fields, say, startSession } from "../web.ts";
import { choosePassword, staleLink } from "./account.ts";
import type { Person } from "./by.ts";
import { findLink, hasAccount } from "./links.ts";
import { passwords } from "./rules.ts";
import { setUp, staleSetupLink } from "./setup.ts";

/** What opens by a link that is good once: the first account, an invitation, a new password. */
export const links = new Hono<AppEnv>();

const { atLeast } = passwords;

links.get("/setup", async (c) => {
  if (await hasAccount(c.var.db)) return toSignIn(c);
  const link = c.req.query("link") ?? "";
  if (!(await findLink(c.var.db, "setup", link, c.var.at))) throw new Refusal(403, staleSetupLink);
  return showSetup(c, { link, name: "", email: "", begin: "site", site: emptySite() });
});

links.post("/setup", async (c) => {
  const { password, again, ...posted } = await fields(c, "link", "name", "email", "password", "again", "begin");
  const form = { ...posted, site: await readSite(c) };
  const { db, at, address, limitHashing } = c.var;
  if (await hasAccount(db)) return toSignIn(c);
  const site = form.begin === "example" ? undefined : siteFrom(form.site);
  try {
    const setup = { ...posted, password, again, site, address: address(), at };
    const { person } = await setUp(db, setup, limitHashing);
    await startSession(c, person.id);
    if (site) say(c, setUpWithSite);
    else await exampleFor(c, person);
    return c.redirect("/", 303);
  } catch (error) {
    return showSetup(c, form, besideFields(error).errors);
  }
});

async function exampleFor(c: Context<AppEnv>, person: Person) {
  // once in a book's life
  const { makeExample } = await import("../example/example.ts");
  await makeExample(c.var.db, { person, roles: [], permissions: new Set(), at: c.var.at });
  say(c, setUpWithExample);
}

const setUpWithSite =
  "Sitebook is set up, and you are signed in. Record what stands where, and invite the others under Settings.";
const setUpWithExample =
  "Here is the example shop. Its people, such as marketing@example.test, sign in with your password.";

function toSignIn(c: Context<AppEnv>) {
  say(c, "Sitebook has its first account already.", "bad");
  return c.redirect("/sign-in", 303);
}

function showSetup(c: Context<AppEnv>, form: SetupForm, errors?: Record<string, string>) {
  const content = setupPage({ form, zones: timeZones(), atLeast, ...(errors && { errors }) });
  return doorPage(c, "Set up", content, errors ? 422 : 200);
}

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
