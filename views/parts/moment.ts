import { input } from "./field.ts";
import { each, type Html, html } from "./html.ts";

type MomentField = { name: string; label: string; value: string; hint: string; error?: string | undefined };

/** A field for a past moment, as people type it; empty is now. The page has `momentExamples` once. */
export const momentInput = (field: MomentField): Html =>
  input({ ...field, more: { placeholder: "now", list: "moments", autocomplete: "off" } });

const examples = ["yesterday", "Monday", "2 days ago", "a week ago", "a month ago"];

export const momentExamples: Html = html`<datalist id="moments">${each(examples, (one) => html`<option value="${one}"></option>`)}</datalist>`;
