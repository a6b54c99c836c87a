import { linkButton } from "../parts/button.ts";
import { type Html, html } from "../parts/html.ts";

/** After signing out of Sitebook: the person may still be signed in at the provider. */
export const signedOutOfProviderPage = ({ name, address }: { name: string; address: string | undefined }): Html =>
  html`<h1>Signed out</h1>
<p>You are signed out of Sitebook. You may still be signed in at ${name}: until you sign out there, whoever uses this browser can sign in as you.</p>
<p>${address ? linkButton(address, `Sign out of ${name}`, "primary") : `To sign out of ${name}, open it.`}</p>
<p><a href="/sign-in">Sign in again</a></p>`;
