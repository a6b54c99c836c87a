import { countOf } from "../text.ts";

/** "2 versions keep the titles that were first recorded for them."; empty for none. */
export const titlesKeptInWords = (count: number | undefined): string =>
  count
    ? `${countOf(count, "version")} ${count === 1 ? "keeps the title that was first recorded for it" : "keep the titles that were first recorded for them"}.`
    : "";
