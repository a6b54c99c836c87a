export interface FieldError {
  /** Where in the input: `placements.3.key`, or a form field's name. */
  path: string;
  message: string;
}

export interface Blocker {
  code: string;
  message: string;
}

/** An expected "no": shown to people on the page and returned by the API with the same sentence. Anything else thrown is a bug. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429;
  readonly code: string | undefined;
  readonly errors: FieldError[];
  readonly blockers: Blocker[];
  /** The seconds after which trying again can help, where it can. */
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

/** Throws where a rule gave a reason; does nothing where it gave none. */
export function refuse(sentence: string | undefined, status: Refusal["status"] = 409): void {
  if (sentence) throw new Refusal(status, sentence);
}

export function notFound(what: string): never {
  throw new Refusal(404, `There is no such ${what}.`);
}

/** The fields of which a rule said why not. */
export function fieldErrors(sentences: Record<string, string | undefined>): FieldError[] {
  return Object.entries(sentences).flatMap(([path, message]) => (message ? [{ path, message }] : []));
}

/** Field errors, if there are any, as one refusal; the sentence names the first and counts the rest. */
export function refuseFields(errors: FieldError[], status: Refusal["status"] = 422): void {
  const [first, ...rest] = errors;
  if (!first) return;
  const more = rest.length ? ` And ${rest.length} more ${rest.length === 1 ? "problem" : "problems"}.` : "";
  throw new Refusal(status, first.message + more, { errors });
}

/**
 * A refusal as the form shows it: each field's sentence beside its field, a sentence without a field above the form.
 * What belongs on a page of its own (not found, a bug) is thrown again.
 */
export function shownRefusal(error: unknown) {
  if (!(error instanceof Refusal) || error.status === 404) throw error;
  const { message, status, retryAfter } = error;
  const errors = Object.fromEntries(error.errors.map(({ path, message }) => [path, message]));
  return { errors, refused: error.errors.length ? undefined : message, status, retryAfter };
}

/** The same for a form that shows sentences only beside fields: one without a field goes to `otherwise`, or is thrown again. */
export function besideFields(error: unknown, otherwise?: string) {
  const { refused, errors, status, retryAfter } = shownRefusal(error);
  if (status === 403 || (refused && !otherwise)) throw error;
  if (refused && otherwise) errors[otherwise] = refused;
  return { errors, status, retryAfter };
}

/** What whoever runs Sitebook has to set right; says how. Anything else thrown at the start is a bug. */
export class Misconfigured extends Error {}
