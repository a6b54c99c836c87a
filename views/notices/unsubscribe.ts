import { joinWithAnd } from "../../src/text.ts";
import { postButton } from "../parts/button.ts";
import { type Html, html } from "../parts/html.ts";

export const unsubscribePage = ({
  key,
  site,
  names,
  done,
}: {
  key: string;
  site: string;
  names: string[];
  done: boolean;
}): Html =>
  done
    ? html`<h1>Unsubscribed</h1><p>You get no more mails of ${kinds(names)} about ${site}. You can change this on the page Notices of the site.</p>`
    : html`<h1>Unsubscribe</h1><p>Stop mails of ${kinds(names)} about ${site}?</p>${postButton(`/unsubscribe?key=${key}`, { text: "Unsubscribe", look: "primary" })}`;

const kinds = (names: string[]): string =>
  `the ${names.length === 1 ? "kind" : "kinds"} ${joinWithAnd(names.map((name) => `“${name}”`))}`;
