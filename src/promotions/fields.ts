import { type FieldError, fieldErrors } from "../errors.ts";
import { whyNotText } from "../text.ts";

export interface RequestField {
  /** What the form calls it, and a hint under it. */
  label: string;
  hint: string;
  /** How many lines of it the form shows. */
  rows: number;
  maxLength: number;
  /** Why the text cannot be stored; undefined if it can. */
  whyNot: (text: string | undefined) => string | undefined;
}

const noteLength = 10_000;

/**
 * What the requester may write with a promotion, each an optional text. The form, the API's body and answer, the verb
 * and the query follow this list. A new field also needs a column (a migration, schema.ts and the promotions' columns
 * in integrity/event-rows.ts) and a place on the promotion's page.
 */
export const requestFields = {
  note: {
    label: "Note",
    hint: "For the approvers: what it is about, and by when.",
    rows: 2,
    maxLength: noteLength,
    whyNot: (text) => whyNotText("A note", text, noteLength),
  },
} as const satisfies Record<string, RequestField>;

export type RequestFieldName = keyof typeof requestFields;

export const requestFieldNames = Object.keys(requestFields) as RequestFieldName[];

/** One value for each field, under its name. */
export const perRequestField = <Value>(value: (name: RequestFieldName) => Value): Record<RequestFieldName, Value> =>
  Object.fromEntries(requestFieldNames.map((name) => [name, value(name)])) as Record<RequestFieldName, Value>;

export function requestErrors(request: { [Name in RequestFieldName]?: string | undefined }): FieldError[] {
  return fieldErrors(perRequestField((name) => requestFields[name].whyNot(request[name])));
}
