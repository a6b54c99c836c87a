import { Hono } from "hono";
import {
  type ProviderFields,
  providerPage,
  signInSettingsAddress,
  signInSettingsPage,
} from "../../views/settings/sign-in.ts";
import { administersEverySite } from "../access/administrators.ts";
import { findProvider, type IdentityProvider, listProviders, passwordsAreFor } from "../access/identity-providers.ts";
import { besideFields, notFound, refuse } from "../errors.ts";
import type { PersonContext, PersonEnv } from "../http/context.ts";
import { checkedValues, formFields } from "../http/forms.ts";
import { flash, personPage, siteOfReader } from "../http/pages.ts";
import { actingPerson, needPerson, sessionHash } from "../http/session.ts";
import { signOutEverybody } from "../people/end-sessions.ts";
import { securityRow } from "../people/security-page.ts";
import { listSecurityEventsWithoutAccount } from "../people/security-queries.ts";
import type { Discover } from "../sign-on/discovery.ts";
import { providerRefusal } from "../sign-on/exchange.ts";
import { removeProvider, saveProvider, switchPasswords, whyNotRemove } from "../sign-on/providers.ts";
import { peopleByProvider } from "../sign-on/queries.ts";
import {
  type ProviderForm,
  type RoleRule,
  whyNotAdministerSignIn,
  whyNotSwitchOff,
  writeRules,
} from "../sign-on/rules.ts";

const emptyForm: ProviderFields = {
  name: "",
  slug: "",
  issuer: "",
  client_id: "",
  scopes: "",
  domains: "",
  trusts_email: false,
  sign_up: false,
  roles_claim: "",
  roles: "",
};

const maxFailures = 20;

/** How people sign in, for administrators of every site. */
export function signInSettingsRoutes(discover: Discover): Hono<PersonEnv> {
  const routes = new Hono<PersonEnv>();
  routes.use("*", needPerson, async (c, next) => {
    const { db, person } = c.var;
    refuse(whyNotAdministerSignIn(await administersEverySite(db, person.id)), 403);
    await next();
  });

  routes.get("/", async (c) => showSettings(c, emptyForm));

  routes.post("/", async (c) => {
    const form = await readProvider(c);
    try {
      const { db, secrets } = c.var;
      const provider = await saveProvider(db, secrets, actingPerson(c), form);
      await flashTest(c, discover, provider, "added");
      return c.redirect(here(c, `/${provider.slug}`), 303);
    } catch (error) {
      const { errors, status } = besideFields(error);
      return showSettings(c, form, { errors, status });
    }
  });

  routes.post("/passwords", async (c) => {
    const { passwords } = await formFields(c, "passwords");
    const off = passwords === "administrators";
    await switchPasswords(c.var.db, actingPerson(c), off ? "administrators" : "everybody");
    flash(c, off ? "Passwords are switched off for all but administrators." : "Passwords are switched on.");
    return c.redirect(here(c), 303);
  });

  routes.post("/sessions", async (c) => {
    await signOutEverybody(c.var.db, actingPerson(c), sessionHash(c) ?? "");
    flash(c, "Everybody else is signed out.");
    return c.redirect(here(c), 303);
  });

  routes.get("/:provider", async (c) => {
    const provider = await needProvider(c, c.req.param("provider"));
    return showProvider(c, provider, fieldsOf(provider));
  });

  routes.post("/:provider", async (c) => {
    const slug = c.req.param("provider");
    const form = await readProvider(c);
    try {
      const provider = await saveProvider(c.var.db, c.var.secrets, actingPerson(c), form, slug);
      await flashTest(c, discover, provider, "saved");
      return c.redirect(here(c, `/${provider.slug}`), 303);
    } catch (error) {
      const { errors, status } = besideFields(error);
      return showProvider(c, await needProvider(c, slug), form, { errors, status });
    }
  });

  routes.post("/:provider/test", async (c) => {
    const provider = await needProvider(c, c.req.param("provider"));
    await flashTest(c, discover, provider, "tested");
    return c.redirect(here(c, `/${provider.slug}`), 303);
  });

  routes.post("/:provider/removal", async (c) => {
    const { name } = await removeProvider(c.var.db, actingPerson(c), c.req.param("provider"));
    flash(c, `${name} removed.`);
    return c.redirect(here(c), 303);
  });

  return routes;
}

const here = (c: PersonContext, below = "") => signInSettingsAddress(c.req.query("site"), below);

async function needProvider(c: PersonContext, slug: string): Promise<IdentityProvider> {
  return (await findProvider(c.var.db, slug)) ?? notFound("provider");
}

async function readProvider(c: PersonContext): Promise<ProviderForm> {
  const texts = await formFields(
    c,
    "name",
    "slug",
    "issuer",
    "client_id",
    "secret",
    "scopes",
    "domains",
    "roles_claim",
    "roles",
  );
  const ticked = async (name: string) => (await checkedValues(c, name)).length > 0;
  return { ...texts, sign_up: await ticked("sign_up"), trusts_email: await ticked("trusts_email") };
}

const fieldsOf = (provider: IdentityProvider): ProviderFields => ({
  ...provider,
  trusts_email: provider.trusts_email === 1,
  sign_up: provider.sign_up === 1,
  roles_claim: provider.roles_claim ?? "",
  roles: writeRules(JSON.parse(provider.role_rules) as RoleRule[]),
});

/** Says whether the provider answers: people would find out otherwise. */
async function flashTest(c: PersonContext, discover: Discover, provider: IdentityProvider, done: string) {
  try {
    await discover(provider);
    flash(c, done === "tested" ? `${provider.name} answers.` : `${provider.name} ${done}. It answers.`);
  } catch (error) {
    const { message } = providerRefusal(error, provider);
    flash(c, done === "tested" ? message : `${provider.name} ${done}, but: ${message}`, "bad");
  }
}

type Refused = { errors: Record<string, string>; status: number };

async function showSettings(c: PersonContext, form: ProviderFields, refused?: Refused) {
  const { db, at, baseUrl, secrets } = c.var;
  const [providers, people] = [await listProviders(db), await peopleByProvider(db)];
  const failures = await listSecurityEventsWithoutAccount(db, maxFailures);
  const content = signInSettingsPage({
    from: c.req.query("site"),
    baseUrl,
    form,
    whyNotSeal: secrets.whyNotSeal(),
    providers: providers.map(({ id, slug, name, issuer }) => ({ slug, name, issuer, people: people.get(id) ?? 0 })),
    passwords: await passwordsAreFor(db),
    whyNotOff: whyNotSwitchOff(providers.length),
    failures: failures.map(securityRow),
    zone: (await siteOfReader(c))?.site.time_zone ?? "UTC",
    now: at,
    ...(refused && { errors: refused.errors }),
  });
  return personPage(c, "Sign-in", content, (refused?.status ?? 200) as 200);
}

async function showProvider(c: PersonContext, provider: IdentityProvider, form: ProviderFields, refused?: Refused) {
  const { db, baseUrl, secrets } = c.var;
  const content = providerPage({
    from: c.req.query("site"),
    baseUrl,
    form,
    whyNotSeal: secrets.whyNotSeal(),
    slug: provider.slug,
    name: provider.name,
    hasSecret: provider.sealed_secret !== null,
    whyNotRemove: await whyNotRemove(db, c.var.person, provider),
    people: (await peopleByProvider(db)).get(provider.id) ?? 0,
    ...(refused && { errors: refused.errors }),
  });
  return personPage(c, provider.name, content, (refused?.status ?? 200) as 200);
}
