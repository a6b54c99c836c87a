import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { Refusal } from "../errors.ts";

/** The largest request is an import. Before a person is known, requests are small forms. */
const maxBytes = { import: 10 * 1024 * 1024, form: 64 * 1024 };

/** For requests of people and machines that are known already: use it after the middleware that checks that. */
export const limitImports = limitBody(maxBytes.import, "That is too large. Sitebook accepts at most 10 MB at once.");

/** For all other requests. Bodies below a site are left alone here, as they are read once the person is known. */
export const limitForms: MiddlewareHandler = (c, next) =>
  /^\/sites\/[^/]/.test(c.req.path) ? next() : limitForm(c, next);

const limitForm = limitBody(maxBytes.form, "That is too large. A form here has at most 64 kB.");

/**
 * Only a body without a Content-Length is counted while it is read: Node cuts the others off at their length, and
 * counting costs more than most requests. A GET is not checked at all.
 */
function limitBody(maxSize: number, sentence: string): MiddlewareHandler {
  const onError = () => {
    throw new Refusal(413, sentence);
  };
  const limit = bodyLimit({ maxSize, onError });
  return async (c, next) => {
    const length = c.req.header("transfer-encoding") ? undefined : c.req.header("content-length");
    if (Number(length) > maxSize) onError();
    return c.req.method === "GET" || length ? next() : limit(c, next);
  };
}
