/** What a page says, as it is read: no tags, one space between words. */
export function words(html: string): string {
  const main = /<main[^>]*>(.*)<\/main>/s.exec(html)?.[1] ?? html;
  return unescaped(main.replace(/<[^>]*>/g, " "))
    .replace(/\s+/g, " ")
    .replace(/ ([.,;:])/g, "$1")
    .trim();
}

/** The rows of its tables, each as the words of its cells; headings of groups left out. */
export function tableRows(html: string): string[][] {
  return [...html.matchAll(/<tr>(<th scope="row">.*?)<\/tr>/gs)].map(([, cells = ""]) =>
    [...cells.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = ""]) => words(cell)),
  );
}

/** Where its links lead, by their words. */
export function links(html: string): Record<string, string> {
  const found = [...html.matchAll(/<a [^>]*?href="([^"]*)"[^>]*>(.*?)<\/a>/gs)];
  return Object.fromEntries(found.map(([, href = "", text = ""]) => [words(text), unescaped(href)]));
}

function unescaped(html: string): string {
  const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
  return html.replace(/&(amp|lt|gt|quot|#39);/g, (whole, name: string) => named[name] ?? whole);
}
