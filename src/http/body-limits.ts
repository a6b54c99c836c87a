import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { Refusal } from "../errors.ts";

/** An import is the most that anybody sends; who has not said yet who they are sends a small form. */
const most = { import: 10 * 1024 * 1024, form: 64 * 1024 };

/** For what is open only to those whom Sitebook knows; it is no use before that is certain. */
export const limitImports = fits(most.import, "That is too large: Sitebook takes at most 10 MB at once.");

/** For all else. What lies below a site is not read before it is certain who asks. */
export const limitForms: MiddlewareHandler = (c, next) =>
  /^\/sites\/[^/]/.test(c.req.path) ? next() : formFits(c, next);

const formFits = fits(most.form, "That is too large: here Sitebook takes at most 64 kB.");

/**
 * Whether a GET has a body is not looked at, nor into one that says how long it is, to which Node holds it: that costs
 * more than most of them do.
 */
function fits(maxSize: number, sentence: string): MiddlewareHandler {
  const onError = () => {
    throw new Refusal(413, sentence);
  };
  const limit = bodyLimit({ maxSize, onError });
  return async (c, next) => {
    const said = c.req.header("transfer-encoding") ? undefined : c.req.header("content-length");
    if (Number(said) > maxSize) onError();
    return c.req.method === "GET" || said ? next() : limit(c, next);
  };
}
