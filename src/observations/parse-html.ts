import { Parser } from "htmlparser2";

type Attributes = Record<string, string>;

interface Handler {
  onopentag: (name: string, attributes: Attributes) => void;
  ontext?: (text: string) => void;
  onclosetag?: (name: string) => void;
}

/** No page for people has as many elements in each other; what comes after them is not read. */
const maxOpen = 5000;
const chunkLength = 16_000;

/** Parses HTML, a chunk at a time: the parser takes ever longer the more elements are open. */
export function parseHtml(source: string, { onopentag, ontext, onclosetag }: Handler): void {
  let open = 0;
  const parser = new Parser({
    onopentag: (name, attributes) => {
      open++;
      onopentag(name, attributes);
    },
    onclosetag: (name) => {
      open--;
      onclosetag?.(name);
    },
    ...(ontext && { ontext }),
  });
  for (let i = 0; i < source.length && open < maxOpen; i += chunkLength) parser.write(source.slice(i, i + chunkLength));
  parser.end();
}
