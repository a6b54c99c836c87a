import { postButton } from "../parts/button.ts";
import { type Html, html } from "../parts/html.ts";

export const unsubscribePage = ({
  key,
  site,
  name,
  done,
}: {
  key: string;
  site: string;
  name: string;
  done: boolean;
}): Html =>
  done
    ? html`<h1>Unsubscribed</h1><p>You get no more mails of the kind “${name}” about ${site}. You can change this on the page Notices of the site.</p>`
    : html`<h1>Unsubscribe</h1><p>Stop mails of the kind “${name}” about ${site}?</p>${postButton(`/unsubscribe?key=${key}`, { text: "Unsubscribe", look: "primary" })}`;
