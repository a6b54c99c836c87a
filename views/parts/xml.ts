import { type Html, verbatim } from "./html.ts";

/** Text in XML: escaped, and without what no XML document can contain, such as most control characters. */
export const xmlText = (text: string): Html =>
  verbatim(text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd"));
