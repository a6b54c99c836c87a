/** A path with a query of those parameters that have a value. Slashes, commas, colons and @ are not encoded in it. */
export function pathWithQuery(
  path: string,
  parameters: Record<string, string | number | false | null | undefined>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value || value === 0) query.set(name, String(value));
  const readable = query.toString().replace(/%(2F|2C|3A|40)/g, (encoded) => decodeURIComponent(encoded));
  return readable ? `${path}?${readable}` : path;
}

/** A moment without its seconds, if they are zero: 2026-03-03T14:00Z. */
export const shortMoment = (iso: string): string => iso.replace(/(:00)?\.000Z$/, "Z");
