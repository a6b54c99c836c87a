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

/** A field for a past moment; its placeholder says what empty means. The page must contain `momentExamples` once. */
export const momentInput = ({ empty = "now", ...field }: MomentField): Html =>
  input({ ...field, more: { placeholder: empty, list: "moments", autocomplete: "off" } });

const examples = ["yesterday", "Monday", "2 days ago", "a week ago", "a month ago"];

export const momentExamples: Html = html`<datalist id="moments">${each(examples, (example) => html`<option value="${example}"></option>`)}</datalist>`;
