import type { ProviderForm } from "../../src/sign-on/rules.ts";
import { pathWithQuery } from "../parts/address.ts";
import { button, confirmButton } from "../parts/button.ts";
import { area, checkbox, input } from "../parts/field.ts";
import { each, type Html, html, type Piece } from "../parts/html.ts";
import { empty, facts, head, note, panel, split } from "../parts/page.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";

/** The page for all sites, with the header of this one. */
export const signInSettingsAddress = (site: string | undefined, below = ""): string =>
  pathWithQuery(`/settings/sign-in${below}`, { site });

export type ProviderFields = Omit<ProviderForm, "secret">;

type Common = {
  /** The short name of the site whose header the page has. */
  from: string | undefined;
  baseUrl: string;
  form: ProviderFields;
  errors?: Record<string, string>;
  /** Why no secret can be stored. */
  whyNotSeal: string | undefined;
};

export const signInSettingsPage = (
  props: Common & {
    providers: { slug: string; name: string; issuer: string; people: number }[];
    passwords: "everybody" | "administrators";
    /** Why passwords cannot be switched off. */
    whyNotOff: string | undefined;
    /** Failed sign-ins that belong to no account. */
    failures: { at: string; sentence: string; address: string; browser: string }[];
    zone: string;
    now: string;
  },
): Html => html`${head({ title: "Sign-in", under: "How people sign in, on all sites." })}
${split(
  html`${providerTable(props)}<h2>New provider</h2>${providerForm(props, { isNew: true })}`,
  html`${passwordPanel(props)}${sessionPanel(props)}`,
)}
${failureTable(props)}`;

const providerTable = ({ providers, from }: Parameters<typeof signInSettingsPage>[0]): Html =>
  providers.length
    ? table({
        caption: "Identity providers",
        columns: ["Provider", "Issuer", "People"],
        body: each(providers, ({ slug, name, issuer, people }) =>
          row(
            html`${rowHead(html`<a href="${signInSettingsAddress(from, `/${slug}`)}"><bdi>${name}</bdi></a>`)}${cell("Issuer", issuer)}${cell("People", people)}`,
          ),
        ),
      })
    : empty("There is no identity provider yet. People sign in with their e-mail address and a password.");

const passwordPanel = ({ passwords, whyNotOff, from }: Parameters<typeof signInSettingsPage>[0]): Html => {
  const off = passwords === "administrators";
  const text = off
    ? "Switched off, and passkeys with them: only administrators can sign in without a provider, in case it is down."
    : "Everybody can sign in with a password, or a passkey that they added.";
  return panel(
    "passwords",
    "Passwords",
    html`<p>${text}</p><form class="inline" method="post" action="${signInSettingsAddress(from, "/passwords")}">${button({ text: off ? "Switch passwords on" : "Switch passwords off", name: "passwords", value: off ? "everybody" : "administrators", why: off ? undefined : whyNotOff })}</form>`,
  );
};

const sessionPanel = ({ from }: { from: string | undefined }): Html =>
  panel(
    "sessions",
    "Sessions",
    html`<p>If sessions may have been stolen: everybody else, also in your other browsers, has to sign in again. Tokens still work.</p>${confirmButton("Sign everybody out", "Sign out all people and guests, in all browsers but this one?", { action: signInSettingsAddress(from, "/sessions"), text: "Yes, sign out", look: "danger" })}`,
  );

const failureTable = ({ failures, zone, now }: Parameters<typeof signInSettingsPage>[0]): Html | undefined =>
  failures.length > 0
    ? table({
        caption: "Latest sign-ins that belong to no account",
        columns: ["Time", "Event", "Address", "Browser"],
        body: each(failures, ({ at, sentence, address, browser }) =>
          row(
            html`${rowHead(time(at, zone, now))}${cell("Event", html`<bdi>${sentence}</bdi>`)}${cell("Address", address || html`<span class="none">unknown</span>`)}${cell("Browser", browser)}`,
          ),
        ),
      })
    : undefined;

export const providerPage = (
  props: Common & {
    slug: string;
    name: string;
    hasSecret: boolean;
    /** Why it cannot be removed. */
    whyNotRemove: string | undefined;
    people: number;
  },
): Html => {
  const { from, slug, name, baseUrl } = props;
  return html`${head({ title: name, over: [html`<a href="${signInSettingsAddress(from)}">Sign-in</a>`] })}
${split(
  providerForm(props, { isNew: false }),
  html`${panel("register", "To register there", registration(baseUrl, slug))}
${panel(
  "test",
  "Test",
  html`<p>Asks the provider for its configuration.</p><form class="inline" method="post" action="${signInSettingsAddress(from, `/${slug}/test`)}">${button({ text: "Test the connection" })}</form>`,
)}
${panel(
  "remove",
  "Remove",
  props.whyNotRemove
    ? html`<p>${props.whyNotRemove}</p>`
    : confirmButton(
        `Remove ${name}`,
        `${props.people} people signed in with it. Those without a password or a passkey cannot sign in then.`,
        { action: signInSettingsAddress(from, `/${slug}/removal`), text: "Remove", look: "danger" },
      ),
)}`,
)}`;
};

const registration = (baseUrl: string, slug: string): Html =>
  facts([
    ["Redirect address", html`<code class="secret" tabindex="0">${baseUrl}/sign-in/${slug}/callback</code>`],
    ["After sign-out", html`<code class="secret" tabindex="0">${baseUrl}/sign-in</code>`],
  ]);

function providerForm(
  { from, form, errors = {}, baseUrl, whyNotSeal, ...more }: Common & { slug?: string; hasSecret?: boolean },
  { isNew }: { isNew: boolean },
): Html {
  const text = (
    name: "name" | "slug" | "issuer" | "client_id" | "scopes" | "domains" | "roles_claim",
    label: Piece,
    hint: Piece,
    required = false,
  ) =>
    input({
      name,
      label,
      hint,
      required,
      value: form[name],
      error: errors[name],
      more: { autocomplete: "off", ...(name !== "name" && { autocapitalize: "none", spellcheck: "false" }) },
    });
  const secretHint = more.hasSecret
    ? "One is stored. Leave empty to keep it."
    : "Stored encrypted, and never shown again.";
  return html`${whyNotSeal && note(whyNotSeal, { kind: "bad" })}<form class="form" method="post" action="${signInSettingsAddress(from, more.slug && `/${more.slug}`)}">
${text("name", "Name", "On the button: “Sign in with …”", true)}
${text("slug", "Short name", isNew ? html`Part of the redirect address to register at the provider: <code>${baseUrl}/sign-in/<b>SHORT-NAME</b>/callback</code>` : "If you change it, register the new redirect address at the provider.", true)}
${text("issuer", "Issuer", "For example https://login.example.com. Its address with /.well-known/openid-configuration at the end describes it.", true)}
${text("client_id", "Client ID", "", true)}
${input({ name: "secret", type: "password", label: "Client secret", hint: secretHint, error: errors.secret, more: { autocomplete: "new-password" } })}
${checkbox({ name: "sign_up", label: "Create accounts at the first sign-in", checked: form.sign_up, hint: "Otherwise only people who were invited can sign in." })}
${text("domains", "E-mail domains (optional)", "Only addresses of these domains can sign in for the first time, for example example.com.")}
${checkbox({ name: "trusts_email", label: "Its e-mail addresses are verified, although it does not say so", checked: form.trusts_email, hint: "For a provider that only your company can change, such as its own Microsoft Entra tenant." })}
${text("roles_claim", "Claim for roles (optional)", "For example groups. If empty, administrators give the roles.")}
${text("scopes", "Further scopes (optional)", "What has to be requested for that claim, besides openid, email and profile.")}
${area({ name: "roles", label: "Roles from that claim", value: form.roles, error: errors.roles, rows: 4, hint: "One rule per line: marketing-team = shop: marketing. At each sign-in the roles named here are given, and removed if the claim does not have their value. Other roles stay as they are." })}
<div class="end">${button({ text: isNew ? "Add provider" : "Save", look: "primary" })}</div></form>`;
}
