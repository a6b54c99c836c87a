/**
 * What a visitor reads, without what differs from server to server or from request to request: the addresses of the
 * environment's own servers, and how many spaces and empty lines there are.
 */
export function normalText(text: string, baseUrls: string[]): string {
  const lines = withoutOwn(text, baseUrls)
    .toWellFormed()
    .split("\n")
    .map((line) => line.replace(/\s+/g, " ").trim());
  return lines.filter(Boolean).join("\n").normalize("NFC");
}

/** Where a link leads, without its own server, its query and fragment, and fingerprints such as in app.3f9a8b7c.js. */
export function normalAddress(address: string, baseUrls: string[]): string {
  const path = withoutOwn(address.trim(), baseUrls).replace(/[?#].*$/s, "");
  return path.replace(/[.-](?=[\da-zA-Z_]*\d)[\da-zA-Z_]{8,}(?=(?:\.min)?\.[a-z\d]{2,5}$)/, "");
}

/** The longest first: one can be the beginning of another. */
function withoutOwn(text: string, baseUrls: string[]): string {
  const sorted = baseUrls.toSorted((a, b) => b.length - a.length);
  return sorted.reduce((rest, baseUrl) => rest.replaceAll(baseUrl, ""), text);
}
