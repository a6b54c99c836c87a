import { input } from "./field.ts";
import { type Html, html } from "./html.ts";

/** A new password, twice: nobody sees what they type, and a slip would lock them out. */
export const newPassword = (
  { label = "Password", atLeast }: { label?: string; atLeast: number },
  errors: Record<string, string> = {},
): Html => {
  const more = { autocomplete: "new-password", minlength: atLeast };
  const hint = `At least ${atLeast} characters. Some words in a row are easier to keep in mind than signs.`;
  return html`${input({ name: "password", type: "password", label, hint, error: errors.password, required: true, more })}
${input({ name: "again", type: "password", label: "The same once more", error: errors.again, required: true, more })}`;
};
