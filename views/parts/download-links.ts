import { address } from "./address.ts";
import { type Html, html, type Piece } from "./html.ts";

/** What a page shows, as files. `base` is the page's path, `told` what its address asks for. */
export function takeAway(base: string, told: Parameters<typeof address>[1], more?: Piece): Html {
  const file = (ending: string) => address(`${base}/export.${ending}`, told);
  return html`<p class="away"><small>Take it away: <a href="${file("csv")}" download>CSV</a> · <a href="${file("jsonl")}" download>JSON lines</a>${more && html` · ${more}`}</small></p>`;
}
