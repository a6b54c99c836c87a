import { isKnownField } from "./columns.ts";
import { type IntakeContext, orRemoval, type ReadLine, readLine } from "./lines.ts";
import type { TextLine } from "./text-lines.ts";

/** Reads a line of JSON lines: one page or software item, as in the API or in an export. Undefined at an export's end. */
export async function readJson({ number, text }: TextLine, context: IntakeContext): Promise<ReadLine | undefined> {
  const value = objectIn(text);
  if (!value) return { number, text, wrong: "This is not JSON. Write one object per line." };
  const { notices } = context;
  if (value.end === true && typeof value.rows === "number") {
    notices.rows.promised = value.rows;
    return;
  }
  notices.rows.read++;
  for (const name of Object.keys(value)) if (!isKnownField(name)) notices.columns.add(name);
  const { requires } = value;
  if (requires !== undefined && requires !== null && !isRanges(requires))
    return {
      number,
      text,
      wrong: 'requires must be an object of names and ranges, such as {"checkout-service": ">=3.2 <4"}.',
    };
  const textOf = (name: string) =>
    typeof value[name] === "string" || typeof value[name] === "number" ? String(value[name]) : undefined;
  const exported = "recorded_at" in value;
  const fields = {
    kind: textOf("kind"),
    key: textOf("key") ?? textOf("path") ?? textOf("name"),
    version: value.version === null ? null : exported ? textOf("version") : orRemoval(textOf("version")),
    title: textOf("title"),
    digest: textOf("digest"),
    source: textOf("source"),
    notes: textOf("notes"),
    at: textOf("effective_at"),
    requires: requires ?? undefined,
  };
  const written = Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined));
  return readLine({ number, text }, written, false, context);
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRanges(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((range) => typeof range === "string")
  );
}
