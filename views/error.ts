import { type Html, html } from "./parts/html.ts";

/** What went wrong, in a sentence, and where to go from here. */
export const errorPage = (props: {
  title: string;
  sentence: string;
  reasons?: string[] | undefined;
  back?: string | undefined;
}): Html =>
  html`<div class="head"><div><h1>${props.title}</h1><p class="lead">${props.sentence}</p></div></div>
${props.reasons && props.reasons.length > 1 && html`<ul class="steps">${props.reasons.map((reason) => html`<li><span class="is blocked wrap">${reason}</span></li>`)}</ul>`}
<p><a class="button" href="${props.back ?? "/"}">${props.back ? "Back" : "To the beginning"}</a></p>`;
