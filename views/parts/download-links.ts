import { pathWithQuery } from "./address.ts";
import { type Html, html, type Piece } from "./html.ts";

/** What a page shows, as files. `base` is the page's path, `told` what its address asks for. */
export function downloadLinks(base: string, told: Parameters<typeof pathWithQuery>[1], more?: Piece): Html {
  const file = (ending: string) => pathWithQuery(`${base}/export.${ending}`, told);
  return html`<p class="away"><small>Take it away: <a href="${file("csv")}" download>CSV</a> · <a href="${file("jsonl")}" download>JSON lines</a>${more && html` · ${more}`}</small></p>`;
}
