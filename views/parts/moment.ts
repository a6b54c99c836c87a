import { input } from "./field.ts";
import { each, type Html, html, type Piece } from "./html.ts";

type MomentField = {
  name: string;
  label: string;
  value: string | undefined;
  hint?: Piece;
  error?: string | undefined;
  empty?: string;
};

/** A field for a past moment; its placeholder says what empty means. The page must contain `momentExamples` once. */
export const momentInput = ({ empty = "now", ...field }: MomentField): Html =>
  input({ ...field, more: { placeholder: empty, list: "moments", autocomplete: "off" } });

/**
 * A date and time picker for what is recorded. Pickers cannot tell apart the hours that a clock showed twice, so after an
 * error, or with a `note` on how the time was read, it is a text field that keeps what was typed.
 */
export function momentPicker({
  note,
  ...field
}: Omit<MomentField, "empty"> & { max?: string | undefined; note?: string | undefined }): Html {
  const { max, ...rest } = field;
  const isText =
    field.error !== undefined || note !== undefined || !/^(\d{4}-\d\d-\d\dT\d\d:\d\d)?$/.test(field.value ?? "");
  return input({
    ...rest,
    type: isText ? "text" : "datetime-local",
    ...(note && { hint: note }),
    more: isText ? { autocomplete: "off" } : { max },
  });
}

const examples = ["yesterday", "Monday", "2 days ago", "a week ago", "a month ago"];

export const momentExamples: Html = html`<datalist id="moments">${each(examples, (example) => html`<option value="${example}"></option>`)}</datalist>`;
