import { z } from "@hono/zod-openapi";

/** The position at which a page of a list ended: base64url of JSON, opaque to clients. */
export function encodeCursor(position: object): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** Reads a cursor. One that was truncated, invented or taken from another list is refused. */
export function cursor<Position extends z.ZodType>(position: Position) {
  return z
    .string()
    .transform((text, context): z.output<Position> => {
      const read = position.safeParse(decode(text));
      if (read.success) return read.data;
      context.addIssue({
        code: "custom",
        message: "This cursor does not belong to this list. Start again without it.",
      });
      return z.NEVER;
    })
    .openapi({ type: "string", description: "The `next` of the previous page." });
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    return;
  }
}

/** One page of a list that is ordered by these columns. */
export function pageBy<Row extends object, Item>(
  rows: Row[],
  limit: number,
  item: (row: Row) => Item,
  ...columns: (keyof Row & string)[]
): { items: Item[]; next: string | null } {
  return pageOf(rows, limit, item, (row) => Object.fromEntries(columns.map((column) => [column, row[column]])));
}

/** One page of a list. `rows` has one more than `limit` if there is a next page. */
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
