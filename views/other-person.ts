import { linkButton, postButton } from "./parts/button.ts";
import { type Html, html } from "./parts/html.ts";
import { head } from "./parts/page.ts";

/** For a form that was shown to somebody else than the person who is signed in. */
export const otherPersonPage = (props: {
  /** The name of the person to whom the form was shown. */
  owner: string;
  /** The name of the person who is signed in. */
  person: string;
  /** The page of the form. */
  page: string;
  /** Where the form is kept. */
  here: string;
}): Html => html`${head({
  title: "Signed in as somebody else",
  lead: html`This form was shown to ${props.owner}, but ${props.person} is signed in now. Nothing was recorded.`,
  under: html`What was entered is kept for a short while. If you are ${props.owner}, sign in as yourself to continue with it.`,
})}
<div class="ways">${postButton("/sign-out", { text: `Sign in as ${props.owner}`, look: "primary" }, { next: props.here })}
${linkButton(props.page, `Continue as ${props.person}`)}</div>`;
