import { Hono } from "hono";
import { closingPage } from "../../views/settings/closing.ts";
import { administersEverySite } from "../access/administrators.ts";
import { closeAccount, closeOwnAccount, findAccount, sitesWithRole } from "../departures/close-account.ts";
import { dutiesOf } from "../departures/duties.ts";
import { whyNotClose } from "../departures/rules.ts";
import { besideFields, notFound, refuse } from "../errors.ts";
import type { PersonContext, PersonEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, personPage } from "../http/pages.ts";
import { actingPerson, browserSecret, needPerson } from "../http/session.ts";

/** Closing one's own account, or, for administrators of every site, that of anybody. */
export const closingRoutes = new Hono<PersonEnv>();

closingRoutes.use("/account/*", needPerson);
closingRoutes.use("/settings/accounts/*", needPerson);

closingRoutes.get("/account/closing", async (c) => showClosing(c, c.var.person.id));

closingRoutes.post("/account/closing", async (c) => {
  const { db, limitHashing, signedInAt } = c.var;
  const { password } = await formFields(c, "password");
  try {
    await closeOwnAccount(db, actingPerson(c), { password, signedInAt, browser: browserSecret(c) }, limitHashing);
  } catch (error) {
    return showClosing(c, c.var.person.id, besideFields(error, "account"));
  }
  flash(c, "Your account is closed.");
  return c.redirect("/sign-in", 303);
});

closingRoutes.get("/settings/accounts/:person/closing", async (c) => {
  await needRight(c);
  return showClosing(c, c.req.param("person"));
});

closingRoutes.post("/settings/accounts/:person/closing", async (c) => {
  await needRight(c);
  const id = c.req.param("person");
  try {
    const { name } = await closeAccount(c.var.db, actingPerson(c), id);
    flash(c, `The account of ${name} is closed.`);
  } catch (error) {
    return showClosing(c, id, besideFields(error, "account"));
  }
  const site = c.req.query("site");
  return c.redirect(site ? `/sites/${encodeURIComponent(site)}/settings/people` : "/", 303);
});

async function needRight(c: PersonContext): Promise<void> {
  refuse(whyNotClose(false, await administersEverySite(c.var.db, c.var.person.id)), 403);
}

async function showClosing(
  c: PersonContext,
  id: string,
  refused?: { errors: Record<string, string>; status: number; retryAfter?: number | undefined },
) {
  const { db, at, person } = c.var;
  const account = (await findAccount(db, id)) ?? notFound("account");
  const sites = [];
  for (const site of await sitesWithRole(db, id)) {
    const { slug, name } = site;
    sites.push({ slug, name, duties: await dutiesOf(db, site, id, at) });
  }
  if (refused?.retryAfter) c.header("retry-after", String(refused.retryAfter));
  const content = closingPage({
    from: c.req.query("site"),
    account: { id, name: account.name, email: account.email ?? "" },
    isOwn: person.id === id,
    hasPassword: account.password !== null,
    sites,
    ...(refused && { errors: refused.errors }),
  });
  return personPage(c, "Close an account", content, (refused?.status ?? 200) as 200);
}
