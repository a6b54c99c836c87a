import { longTime } from "../time/format.ts";
import type { SentencePart } from "./sentences.ts";

/** A sentence of the history without its links, for what is read outside of the pages. */
export const plainText = (parts: SentencePart[], zone: string): string =>
  parts
    .map((part) =>
      typeof part === "string" ? part : "name" in part ? part.name : "at" in part ? longTime(part.at, zone) : part.text,
    )
    .join("");
