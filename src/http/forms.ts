import type { Actor } from "../access/actor.ts";
import { sha256 } from "../database/ids.ts";
import { Refusal } from "../errors.ts";
import { parseMoment } from "../time/parse-moment.ts";
import type { AnyContext, SiteContext } from "./context.ts";

export type Keyed = { key?: string | undefined } & object;

/** What makes a repeated form post harmless. A key that is none of ours is no key. */
export function requestOf(c: AnyContext, form: Keyed | undefined): Actor["request"] {
  if (!form?.key || !/^[\w-]{1,200}$/.test(form.key)) return;
  return { key: form.key, fingerprint: sha256(`${c.req.path} ${JSON.stringify(form)}`) };
}

/** The named fields of a posted form as text; what is missing, or is a file, is empty. */
export async function formFields<Name extends string>(c: AnyContext, ...names: Name[]): Promise<Record<Name, string>> {
  const form = await formOf(c);
  return Object.fromEntries(names.map((name) => [name, texts(form[name]).at(-1) ?? ""])) as Record<Name, string>;
}

/** All that a posted form says under one name, such as the boxes ticked. */
export async function checkedValues(c: AnyContext, name: string): Promise<string[]> {
  return texts((await formOf(c))[name]);
}

type Value = string | File | (string | File)[] | undefined;

const texts = (value: Value): string[] => [value ?? []].flat().filter((one) => typeof one === "string");

function formOf(c: AnyContext): Promise<Record<string, Value>> {
  return c.req.parseBody({ all: true }).catch(() => {
    throw new Refusal(400, "The form could not be read: it is not well-formed.");
  });
}

/** A past moment that the address names; nothing where it names none. */
export function readMoment(c: SiteContext, name: "as_of" | "known_at"): string | undefined {
  const text = c.req.query(name)?.trim();
  if (!text) return;
  const read = parseMoment(text, c.var.access.site.time_zone, c.var.at);
  if ("at" in read) return read.at;
  throw new Refusal(422, read.wrong);
}
