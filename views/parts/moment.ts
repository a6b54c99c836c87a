import { input } from "./field.ts";
import { each, type Html, html } from "./html.ts";

type MomentField = {
  name: string;
  label: string;
  value: string;
  hint?: string;
  error?: string | undefined;
  empty?: string;
};

/** A field for a past moment, as people type it; what empty means is written in it. The page has `momentExamples` once. */
export const momentInput = ({ empty = "now", ...field }: MomentField): Html =>
  input({ ...field, more: { placeholder: empty, list: "moments", autocomplete: "off" } });

const examples = ["yesterday", "Monday", "2 days ago", "a week ago", "a month ago"];

export const momentExamples: Html = html`<datalist id="moments">${each(examples, (one) => html`<option value="${one}"></option>`)}</datalist>`;
