import { hiddenField } from "../parts/button.ts";
import { each, type Html, html, type Piece } from "../parts/html.ts";

export type PasskeyScript = {
  /** Its address. */
  script: string;
  /** Where passkeys work. */
  origin: string;
};

type PasskeyForm = PasskeyScript & {
  asks: "create" | "get";
  action: string;
  before?: Piece;
  /** With the button. */
  fields: Piece;
  error?: string | undefined;
};

/** A form that needs an answer of the person's device, which the script adds. It is hidden until the script shows it. */
export const passkeyForm = ({ asks, action, script, origin, before, fields, error }: PasskeyForm): Html =>
  html`<div hidden data-passkey="${asks}">${before}<form${asks === "create" && html` class="form"`} method="post" action="${action}">${fields}${hiddenField("credential", "")}</form>
<div role="alert">${error && rejected(error)}${each(Object.entries(sentences(asks, origin)), ([name, sentence]) => html`<div hidden data-error="${name}">${rejected(sentence)}</div>`)}</div></div>
<p hidden data-no-passkeys><small>This browser cannot use passkeys.</small></p>
<noscript><p><small>Passkeys need JavaScript, which is switched off in this browser.</small></p></noscript>
<script src="${script}" defer></script>`;

const rejected = (sentence: string) => html`<p class="is rejected wrap">${sentence}</p>`;

/** By the name of the browser's error (WebAuthn, 5.1.3 and 5.1.4); the last for all others. */
const sentences = (asks: "create" | "get", origin: string) => ({
  NotAllowedError:
    asks === "create"
      ? "No passkey was created: it was cancelled, or took too long."
      : "No passkey was used: it was cancelled, took too long, or this device has none for Sitebook.",
  InvalidStateError: "This device has a passkey for your account already.",
  SecurityError: `Passkeys work only at ${origin}.`,
  other: "That did not work. Reload the page and try again.",
});
