/**
 * Text without what differs from server to server or in how it is written: how many spaces and empty lines there are, and
 * the form of its letters.
 */
export const normalLines = (text: string): string[] =>
  text
    .normalize("NFC")
    .split("\n")
    .map((line) => line.replace(/\s+/g, " ").trim())
    .filter(Boolean);

/** Where a link leads, without its own server, its query and fragment, and fingerprints such as in app.3f9a8b7c.js. */
export function normalAddress(address: string, baseUrls: string[]): string {
  const path = withoutOwn(address.trim(), baseUrls).replace(/[?#].*$/s, "");
  return path.replace(/[.-](?=[\da-zA-Z_]*\d)[\da-zA-Z_]{8,}(?=(?:\.min)?\.[a-z\d]{2,5}$)/, "");
}

/** Without the addresses of the site's own servers: the longest first, as one can be the beginning of another. */
export function withoutOwn(text: string, baseUrls: string[]): string {
  if (!text.includes("://")) return text;
  const sorted = baseUrls.toSorted((a, b) => b.length - a.length);
  return sorted.reduce((rest, baseUrl) => rest.replaceAll(baseUrl, ""), text);
}
