/** A path with a query of those that are told. Slashes, commas, colons and @ stay readable, as a query may have them. */
export function pathWithQuery(path: string, told: Record<string, string | number | false | null | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(told)) if (value || value === 0) query.set(name, String(value));
  const readable = query.toString().replace(/%(2F|2C|3A|40)/g, (one) => decodeURIComponent(one));
  return readable ? `${path}?${readable}` : path;
}

/** A moment as short as it can be said: 2026-03-03T14:00Z. */
export const shortMoment = (iso: string): string => iso.replace(/(:00)?\.000Z$/, "Z");
