import { Refusal } from "../errors.ts";

/** What was thrown in another thread, in the form in which it gets here. */
export type Plain = { refusal: Fields } | { error: Error; code: unknown };
type Fields = Pick<Refusal, "status" | "message" | "code" | "errors" | "blockers" | "retryAfter">;

/** An error loses its class and its own fields on the way between threads. */
export function plain(error: unknown): Plain {
  if (!(error instanceof Refusal)) return { error: error as Error, code: (error as { code?: unknown }).code };
  const { status, message, code, errors, blockers, retryAfter } = error;
  return { refusal: { status, message, code, errors, blockers, retryAfter } };
}

/** The same as it was thrown there. */
export function thrown(told: Plain): Error {
  if ("refusal" in told) {
    const { status, message, ...more } = told.refusal;
    return new Refusal(status, message, more as object);
  }
  return Object.assign(told.error, told.code !== undefined && { code: told.code });
}
