import type { Actor } from "../access/actor.ts";
import { sha256 } from "../database/ids.ts";
import { Refusal, refuseFields } from "../errors.ts";
import type { Kind } from "../schema.ts";
import {
  type ParsedMoment,
  parseExactMoment,
  parseMoment,
  parsePlannedMoment,
  parseRangeEnd,
} from "../time/parse-moment.ts";
import type { AnyContext, SiteContext } from "./context.ts";

export type Keyed = { key?: string | undefined } & object;

/**
 * Makes a repeated form post harmless. The key depends on the content: the same form sent twice is one request, and one
 * that was changed after going back to it is another. A key that no form of Sitebook can have sent is ignored.
 */
export function requestOf(c: AnyContext, form: Keyed | undefined): Actor["request"] {
  if (!form?.key || !/^[\w-]{1,200}$/.test(form.key)) return;
  const fingerprint = sha256(`${c.req.path} ${JSON.stringify(form)}`);
  return { key: `form-${fingerprint}`, fingerprint };
}

/** The named fields of a posted form as text; a missing field, or a file, is empty. */
export async function formFields<Name extends string>(c: AnyContext, ...names: Name[]): Promise<Record<Name, string>> {
  const form = await formOf(c);
  return Object.fromEntries(names.map((name) => [name, texts(form[name]).at(-1) ?? ""])) as Record<Name, string>;
}

/** All values of one field of a posted form, such as its ticked boxes. */
export async function checkedValues(c: AnyContext, name: string): Promise<string[]> {
  return texts((await formOf(c))[name]);
}

/** The fields of a posted form whose names begin with `prefix`, by the rest of their names. */
export async function prefixedFields(c: AnyContext, prefix: string): Promise<[rest: string, text: string][]> {
  const fields = Object.entries(await formOf(c)).filter(([name]) => name.startsWith(prefix));
  return fields.map(([name, value]) => [name.slice(prefix.length), texts(value).at(-1) ?? ""]);
}

type Value = string | File | (string | File)[] | undefined;

const texts = (value: Value): string[] => [value ?? []].flat().filter((item) => typeof item === "string");

/** A line of a release as forms send it: `page /sale v33`, or for a removal `page /sale`. Keys have no spaces. */
export function parseLine(line: string): { kind: Kind; key: string; version: string | null } {
  const [kind = "", key = "", ...version] = line.split(" ");
  return { kind: kind === "software" ? "software" : "page", key, version: version.join(" ") || null };
}

/** The posted form as it was sent; undefined if the body is no form. */
export async function postedForm(c: AnyContext): Promise<FormData | undefined> {
  const type = c.req.header("content-type") ?? "";
  if (!/^(multipart\/form-data|application\/x-www-form-urlencoded)\b/i.test(type)) return;
  await formOf(c);
  return c.req.formData();
}

function formOf(c: AnyContext): Promise<Record<string, Value>> {
  return c.req.parseBody({ all: true }).catch(() => {
    throw new Refusal(400, "The form could not be read. Go back, reload the page and try again.");
  });
}

type ReadMoment = { at?: string; note?: string | undefined; wrong?: string };

/** The past moment in a form field or an address, or why it cannot be read; empty if the text is. */
export const readMoment = (c: SiteContext, text: string | undefined): ReadMoment => readWith(parseMoment, c, text);

/** The same for the end of a range, which contains the day or minute that the text names. */
export const readRangeEnd = (c: SiteContext, text: string | undefined): ReadMoment => readWith(parseRangeEnd, c, text);

/** The same for what is recorded at once: a time that the clocks showed twice is refused unless it says which it is. */
export const readExactMoment = (c: SiteContext, text: string): ReadMoment => readWith(parseExactMoment, c, text);

/** A moment that may be in the future, exactly. A day means its start, or the start of the next one as an end. */
export const readPlannedMoment = (c: SiteContext, text: string | undefined, day: "start" | "end"): ReadMoment =>
  readWith((text, zone, now) => parsePlannedMoment(text, zone, now, { day }), c, text);

/** The same for something that happens once: a time that the clocks skip is refused. */
export const readScheduledMoment = (c: SiteContext, text: string | undefined): ReadMoment =>
  readWith((text, zone, now) => parsePlannedMoment(text, zone, now, { day: "start", skipped: "refuse" }), c, text);

function readWith(
  parse: (text: string, zone: string, now: string) => ParsedMoment,
  c: SiteContext,
  text: string | undefined,
): ReadMoment {
  return text?.trim() ? parse(text, c.var.access.site.time_zone, c.var.at) : {};
}

/** The past moment in a query parameter, or undefined. Throws a Refusal with 422 if it cannot be read. */
export function queryMoment(c: SiteContext, name: "as_of" | "known_at", text = c.req.query(name)): string | undefined {
  const { at, wrong } = readMoment(c, text);
  if (wrong) refuseFields([{ path: name, message: wrong }]);
  return at;
}
