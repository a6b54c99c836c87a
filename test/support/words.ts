/** The text of a page on a screen: no tags, one space between words, and without the years that only paper shows. */
export function words(html: string): string {
  const main = /<main[^>]*>(.*)<\/main>/s.exec(html)?.[1] ?? html;
  return unescaped(main.replace(/<\/?bdi[^>]*>|<i class="year">.*?<\/i>/g, "").replace(/<[^>]*>/g, " "))
    .replace(/\s+/g, " ")
    .replace(/ ([.,;:])/g, "$1")
    .trim();
}

/** The rows of its tables, each as the texts of its cells, without group headings. */
export function tableRows(html: string): string[][] {
  return [...html.matchAll(/<tr>(<th scope="row"[^>]*>.*?)<\/tr>/gs)].map(([, cells = ""]) =>
    [...cells.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = ""]) => words(cell)),
  );
}

/** The addresses of its links, by their text. */
export function links(html: string): Record<string, string> {
  const matches = [...html.matchAll(/<a [^>]*?href="([^"]*)"[^>]*>(.*?)<\/a>/gs)];
  return Object.fromEntries(matches.map(([, href = "", text = ""]) => [words(text), unescaped(href)]));
}

function unescaped(html: string): string {
  const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
  return html.replace(/&(amp|lt|gt|quot|#39);/g, (whole, name: string) => named[name] ?? whole);
}
