import { pathWithQuery } from "./address.ts";
import { type Html, html, type Piece } from "./html.ts";

/** Links to export what a page shows. `base` is the page's path, `parameters` those of its address. */
export function downloadLinks(base: string, parameters: Parameters<typeof pathWithQuery>[1], more?: Piece): Html {
  const file = (ending: string) => pathWithQuery(`${base}/export.${ending}`, parameters);
  return html`<p class="away"><small>Export: <a href="${file("csv")}" download>CSV</a> · <a href="${file("jsonl")}" download>JSON lines</a>${more && html` · ${more}`}</small></p>`;
}
