import { type Html, html } from "./parts/html.ts";

/** An error as a sentence, and a link to go on from there. */
export const errorPage = (props: {
  title: string;
  sentence: string;
  reasons?: string[] | undefined;
  back?: string | undefined;
}): Html =>
  html`<div class="head"><div><h1>${props.title}</h1><p class="lead">${props.sentence}</p></div></div>
${props.reasons && props.reasons.length > 1 && html`<ul class="steps">${props.reasons.map((reason) => html`<li><span class="is blocked wrap">${reason}</span></li>`)}</ul>`}
<p><a class="button" href="${props.back ?? "/"}">${props.back ? "Back" : "Back to the board"}</a></p>`;
