import { input } from "./field.ts";
import { type Html, html } from "./html.ts";

/** A new password, entered twice: it is not visible, and a typing error would lock the user out. */
export const newPassword = (
  { label = "Password", atLeast }: { label?: string; atLeast: number },
  errors: Record<string, string> = {},
): Html => {
  const more = { autocomplete: "new-password", minlength: atLeast };
  const hint = `At least ${atLeast} characters. A few words are easier to remember than symbols. Common passwords are refused.`;
  return html`${input({ name: "password", type: "password", label, hint, error: errors.password, required: true, more })}
${input({ name: "again", type: "password", label: "Repeat password", error: errors.again, required: true, more })}`;
};
