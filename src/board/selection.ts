import type { Kind } from "../schema.ts";
import type { BoardFilter } from "./filters.ts";

/** Part of the board: everything that the filter shows, or one of its sections. */
export type SelectionScope = "all" | { kind: Kind; section: string };

/** What a button of the board's form does to the selection. */
export type SelectionChange = { add: SelectionScope } | { remove: SelectionScope } | "clear" | undefined;

/** The ids in these fields; each has one, or many separated by spaces. `selectedRows` finds out which are the site's. */
export function selectedIds(values: unknown[] = []): string[] {
  const texts = values.filter((value) => typeof value === "string").flatMap((value) => value.split(" "));
  return [...new Set(texts.filter((id) => /^[\w-]{1,64}$/.test(id)))];
}

/** Reads the pressed button; a scope that cannot be read changes nothing. */
export function readSelectionChange({ select, unselect, clear }: Record<string, string>): SelectionChange {
  if (clear) return "clear";
  const scope = readScope(select ?? unselect);
  return scope && (select === undefined ? { remove: scope } : { add: scope });
}

function readScope(text: string | undefined): SelectionScope | undefined {
  if (text === "all") return "all";
  const [, kind, section = ""] = /^(page|software):(.*)$/s.exec(text ?? "") ?? [];
  return kind ? { kind: kind as Kind, section } : undefined;
}

/** The filter within one of the sections that it shows. */
export function filterWithin(filter: BoardFilter, scope: SelectionScope): BoardFilter {
  if (scope === "all") return filter;
  return scope.kind === "page" ? { ...filter, ...scope } : { ...filter, kind: "software" };
}
