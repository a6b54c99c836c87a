import { type FieldError, fieldErrors } from "../errors.ts";
import { normalKey, whyNotKey } from "../record/keys.ts";
import { whyNotText } from "../text.ts";
import type { Found } from "./rules.ts";

/** How a server says which version of a software item it runs. */
const probeKinds = ["json", "header", "meta"] as const;
export type ProbeKind = (typeof probeKinds)[number];

export interface ProbeRequest {
  /** The name of the software item. */
  software: string;
  how: string;
  /** The path of the address, below that of the server. */
  path: string;
  /** A JSON pointer (RFC 6901), or the name of a header or meta tag. */
  name: string;
}

/** What is wrong with the fields of a probe. */
export function probeErrors({ software, how, path, name }: ProbeRequest): FieldError[] {
  return fieldErrors({
    software: whyNotKey("software", normalKey("software", software)),
    how: probeKinds.some((kind) => kind === how) ? undefined : "Select where it is.",
    path: whyNotPath(path),
    name: whyNotProbeName(how, name),
  });
}

function whyNotPath(path: string): string | undefined {
  if (!/^\/(?![/\\])/.test(path)) return "Enter a path on the server, such as /health.";
  return whyNotText("A path", path, 2000);
}

function whyNotProbeName(how: string, name: string): string | undefined {
  if (how === "json" && !/^(\/([^~]|~[01])*)*$/.test(name))
    return "Enter a JSON pointer, such as /version or /build/version.";
  if (how === "header" && !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return "Enter the name of a header, such as X-Version.";
  if (how === "meta" && !name) return "Enter the name of a meta tag, such as version.";
  return whyNotText("A name", name, 200);
}

/** What a server says about a software item: its version, or why it could not be read. */
export interface ReadVersion {
  software: string;
  version?: string;
  problem?: string;
}

/** A version in what a server sent, or undefined if it is none. */
export function versionIn(value: unknown): string | undefined {
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : "";
  return text && text.length <= 200 && whyNotText("A version", text, 200) === undefined ? text : undefined;
}

/** The value in a JSON document to which a pointer leads (RFC 6901). */
export const valueAt = (document: unknown, pointer: string): unknown =>
  pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>(
      (value, part) =>
        typeof value === "object" && value !== null && Object.hasOwn(value, part)
          ? (value as Record<string, unknown>)[part]
          : undefined,
      document,
    );

/** What disagrees with the recorded versions, by software; null: its removal is recorded. */
export function wrongSoftware(versions: ReadVersion[], recorded: Map<string, string | null>): Found[] {
  return versions.flatMap(({ software, version, problem }): Found[] => {
    if (version === undefined)
      return [
        { path: software, code: "unobserved", sentence: `Its version could not be read: ${problem}`, content: null },
      ];
    const label = recorded.get(software);
    if (label && plain(label) === plain(version)) return [];
    const known = label ? `${label} is recorded` : label === null ? "its removal is recorded" : "nothing is recorded";
    const sentence = `The server says ${version}; ${known}.`;
    return [{ path: software, code: "wrong_software", sentence, content: version }];
  });
}

/** v3.4.1 is 3.4.1. */
const plain = (version: string): string => version.replace(/^v(?=\d)/i, "");
