import { z } from "@hono/zod-openapi";

/** Where a page of a list ended, as clients hand it back: base64url of JSON, theirs to keep and not to read. */
export function encodeCursor(position: object): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** Reads it again; one that was cut short, made up or taken from another list is refused. */
export function cursor<Position extends z.ZodType>(position: Position) {
  return z
    .string()
    .transform((text, context): z.output<Position> => {
      const read = position.safeParse(decode(text));
      if (read.success) return read.data;
      context.addIssue({
        code: "custom",
        message: "This cursor is not one that this list gave out. Start again without it.",
      });
      return z.NEVER;
    })
    .openapi({ type: "string", description: "The `next` of the page before." });
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    return;
  }
}

/** One page of a list out of rows of which one more than `limit` was asked for. */
export function pageOf<Row, Item>(
  rows: Row[],
  limit: number,
  item: (row: Row) => Item,
  position: (row: Row) => object,
): { items: Item[]; next: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(item), next: last && rows.length > limit ? encodeCursor(position(last)) : null };
}
