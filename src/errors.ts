export interface FieldError {
  /** Where in the input: `placements.3.key`, or a form field's name. */
  path: string;
  message: string;
}

export interface Blocker {
  code: string;
  message: string;
}

/** An expected "no", with one sentence for pages, API and command line. Anything else thrown is a bug. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429;
  readonly code: string | undefined;
  readonly errors: FieldError[];
  readonly blockers: Blocker[];
  /** In seconds; undefined if trying again does not help. */
  readonly retryAfter: number | undefined;

  constructor(
    status: Refusal["status"],
    sentence: string,
    more: { code?: string; errors?: FieldError[]; blockers?: Blocker[]; retryAfter?: number } = {},
  ) {
    super(sentence);
    this.status = status;
    this.code = more.code;
    this.errors = more.errors ?? [];
    this.blockers = more.blockers ?? [];
    this.retryAfter = more.retryAfter;
  }
}

/** Throws a Refusal if a rule gave a reason. `code`: for programs. */
export function refuse(sentence: string | undefined, status: Refusal["status"] = 409, code?: string): void {
  if (sentence) throw new Refusal(status, sentence, code ? { code } : {});
}

/** Throws a Refusal with 404: "Release 12 not found." */
export function notFound(what: string): never {
  throw new Refusal(404, `${what.charAt(0).toUpperCase()}${what.slice(1)} not found.`);
}

/** The fields for which a rule gave a reason. */
export function fieldErrors(sentences: Record<string, string | undefined>): FieldError[] {
  return Object.entries(sentences).flatMap(([path, message]) => (message ? [{ path, message }] : []));
}

/** Throws one Refusal for all field errors, if there are any. Its sentence is the first, and counts the others. */
export function refuseFields(errors: FieldError[], status: Refusal["status"] = 422): void {
  const [first, ...rest] = errors;
  if (!first) return;
  const more = rest.length ? ` And ${rest.length} more ${rest.length === 1 ? "problem" : "problems"}.` : "";
  throw new Refusal(status, first.message + more, { errors });
}

/**
 * A refusal as a form shows it: `errors` by field, to be shown beside the fields, or else `refused` above the form.
 * Throws what belongs on a page of its own (not found, a bug) again.
 */
export function shownRefusal(error: unknown) {
  if (!(error instanceof Refusal) || error.status === 404) throw error;
  const { message, status, retryAfter } = error;
  const errors = Object.fromEntries(error.errors.map(({ path, message }) => [path, message]));
  return { errors, refused: error.errors.length ? undefined : message, status, retryAfter };
}

/** For a form with errors only beside fields: a sentence without a field goes to `fallback`, or is thrown again. */
export function besideFields(error: unknown, fallback?: string) {
  const { refused, errors, status, retryAfter } = shownRefusal(error);
  if (status === 403 || (refused && !fallback)) throw error;
  if (refused && fallback) errors[fallback] = refused;
  return { errors, status, retryAfter };
}

/** A problem that the operator has to fix; the message says how. Anything else thrown at the start is a bug. */
export class Misconfigured extends Error {}
