import type { Attributes, Html, Piece } from "./html.ts";
import { attr, attrs, classes, each, html } from "./html.ts";

type Common = {
  name: string;
  label: Piece;
  /** Only needed if a page has two fields with the same name. */
  id?: string | undefined;
  hint?: Piece;
  error?: string | undefined;
  required?: boolean | undefined;
  /** Further attributes of the control: autocomplete, maxlength, placeholder, … */
  more?: Attributes | undefined;
  /** Hides the label from all but screen readers. */
  quiet?: boolean | undefined;
};

/** Label, control, hint and error, connected for screen readers. */
function labelled(field: Common, control: (attributes: Html) => Html): Html {
  const id = field.id ?? field.name;
  const described = [field.hint && `${id}-hint`, field.error && `${id}-error`].filter(Boolean).join(" ");
  const attributes = html`id="${id}" name="${field.name}"${attr("required", field.required)}${attr("aria-invalid", field.error && "true")}${attr("aria-describedby", described || undefined)}${attrs(field.more)}`;
  return html`<div class="field"><label for="${id}"${classes(field.quiet && "sr")}>${field.label}</label>${control(attributes)}${
    field.hint && html`<small id="${id}-hint">${field.hint}</small>`
  }${field.error && html`<span class="is rejected wrap" id="${id}-error">${field.error}</span>`}</div>`;
}

export const input = ({
  type = "text",
  value,
  ...field
}: Common & { type?: string; value?: string | number | null | undefined }): Html =>
  labelled(field, (attributes) => html`<input type="${type}" ${attributes}${attr("value", value)}>`);

// browsers drop the first line break of a textarea's content: the extra one here keeps the writer's own
export const area = ({
  value,
  rows = 3,
  ...field
}: Common & { value?: string | null | undefined; rows?: number }): Html =>
  labelled(
    field,
    (attributes) => html`<textarea ${attributes} rows="${rows}">
${value}</textarea>`,
  );

export type Choice = { value: string; label: string };

export const select = ({
  value,
  choices,
  ...field
}: Common & { value?: string | null | undefined; choices: readonly Choice[] }): Html =>
  labelled(
    field,
    (attributes) =>
      html`<select ${attributes}>${each(choices, (choice) => html`<option value="${choice.value}"${attr("selected", choice.value === value)}>${choice.label}</option>`)}</select>`,
  );

type Checkbox = {
  name: string;
  value?: string;
  label: Piece;
  checked?: boolean | undefined;
  hint?: Piece;
  id?: string;
  type?: "checkbox" | "radio";
  more?: Attributes;
};

/** A checkbox or radio button with its label after it. */
export const checkbox = ({ name, value = "1", label, checked, hint, id, type = "checkbox", more }: Checkbox): Html =>
  html`<label class="box"><input type="${type}"${attr("id", id)} name="${name}" value="${value}"${attr("checked", checked)}${attrs(more)}><span>${label}${hint && html` <small>${hint}</small>`}</span></label>`;

/** A group of checkboxes or radio buttons, with what is wrong with it; the name is unique in its page. */
export const boxes = (
  legend: Piece,
  content: Piece,
  { name, error }: { name?: string; error?: string | undefined } = {},
): Html =>
  html`<fieldset class="boxes"${attr("aria-describedby", error && `${name}-error`)}><legend>${legend}</legend>${content}${error && html`<span class="is rejected wrap" id="${name}-error">${error}</span>`}</fieldset>`;
