import { button, confirmButton, linkButton, reason } from "../parts/button.ts";
import { input } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, head, note } from "../parts/page.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { accountAddress } from "./account.ts";
import { type PasskeyScript, passkeyForm } from "./passkey-form.ts";

type Passkeys = PasskeyScript & {
  from: string | undefined;
  passkeys: { id: string; name: string; created_at: string; used_at: string | null }[];
  /** Why none can be added or used. */
  whyNotUse: string | undefined;
  whyNotAdd: string | undefined;
  whyNotRemove: string | undefined;
  /** Why they have to sign in again first. */
  whyNotChange: string | undefined;
  name: string;
  zone: string;
  now: string;
  errors: Record<string, string>;
};

export const passkeysPage = (props: Passkeys): Html => {
  const { from, whyNotUse, whyNotChange } = props;
  const here = accountAddress(from, "/passkeys");
  return html`${head({ title: "Passkeys", over: [html`<a href="${accountAddress(from)}">Account</a>`], under: "With a passkey you sign in by unlocking your telephone, computer or security key. It is two factors in one: no password and no code is asked for. Where passwords are switched off in favour of an identity provider, passkeys are, too, for all but administrators." })}
${whyNotUse && note(whyNotUse, { kind: "bad" })}
${whyNotChange && note(whyNotChange, { actions: linkButton(`/sign-in?again=1&next=${encodeURIComponent(here)}`, "Sign in again") })}
${props.passkeys.length > 0 ? list(props) : empty("You have no passkey yet.")}
${!whyNotUse && !whyNotChange && add(props)}`;
};

function list({ from, passkeys, whyNotRemove, whyNotChange, zone, now }: Passkeys): Html {
  const remove = (id: string, name: string) =>
    (whyNotRemove ?? whyNotChange)
      ? button({ text: html`Remove<span class="sr"> ${name}</span>`, because: "why-not-remove" })
      : confirmButton(
          html`Remove<span class="sr"> ${name}</span>`,
          "Nobody can sign in with it then. Delete it on its device, too.",
          { action: accountAddress(from, `/passkeys/${id}/removal`), text: `Remove ${name}`, look: "danger" },
        );
  return html`${table({
    caption: "Passkeys",
    quiet: true,
    columns: ["Passkey", "Added", "Last used", "Action"],
    body: each(passkeys, ({ id, name, created_at, used_at }) =>
      row(
        html`${rowHead(html`<bdi>${name}</bdi>`)}${cell("Added", time(created_at, zone, now))}${cell("Last used", used_at ? time(used_at, zone, now) : html`<span class="none">never</span>`)}${cell("Action", remove(id, name))}`,
      ),
    ),
  })}${(whyNotRemove ?? whyNotChange) && reason("why-not-remove", whyNotRemove ?? "To remove one, sign in again first.")}`;
}

const add = ({ from, script, origin, whyNotAdd, name, errors }: Passkeys): Html =>
  html`<h2>Add a passkey</h2>${
    whyNotAdd
      ? html`<p>${whyNotAdd}</p>`
      : passkeyForm({
          script,
          origin,
          asks: "create",
          action: accountAddress(from, "/passkeys"),
          fields: html`${input({ name: "name", label: "Name", value: name, error: errors.name, required: true, hint: "By which you recognise the device or password manager that keeps it.", more: { autocomplete: "off" } })}
<div class="end">${button({ text: "Add a passkey", look: "primary" })}</div>`,
          error: errors.credential,
        })
  }`;
