import { input } from "./field.ts";

/** For a code of two-factor sign-in. */
export const codeField = (error: string | undefined, more: { hint?: string; autofocus?: boolean } = {}) =>
  input({
    name: "code",
    label: "Code",
    error,
    required: true,
    hint: more.hint,
    more: { autocomplete: "one-time-code", spellcheck: "false", autofocus: more.autofocus ?? false },
  });
