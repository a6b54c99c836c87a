/** A text on one line: whoever sent it cannot begin another line of the log, nor change what a terminal shows. */
const onOneLine = (text: string): string =>
  text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escaping them is the point
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );

/** Begins each line of the server's log with the time, ISO 8601 UTC. */
export const logLine = (text: string): string => `${new Date().toISOString()} ${onOneLine(text)}`;

/**
 * Writes to the server's log what went wrong. Of an error its name, code, message and frames, and nothing else that it
 * carries: that may be what somebody sent.
 */
export function logError(sentence: string, error?: unknown): void {
  console.error(
    [logLine(error === undefined ? sentence : `${sentence} ${describe(error)}`), ...framesOf(error)].join("\n"),
  );
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, cause } = error;
  const code = "code" in error ? ` ${String(error.code)}` : "";
  return `${name}${code}: ${message}${cause === undefined ? "" : `; because of ${describe(cause)}`}`;
}

/** Where it was thrown: the lines of the stack after the message, which is not part of them. */
function framesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const { stack = "", message } = error;
  const frames = stack.slice(stack.indexOf(message) + message.length).split("\n");
  return frames.filter((line) => /^ +at /.test(line)).map(onOneLine);
}
