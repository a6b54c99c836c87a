import { type Html, html } from "./html.ts";

/** In the modules of the code, as ISO/IEC 18004 requires. */
const margin = 4;

/** Black on white in dark colours, too, as not all cameras read the inverse. */
export const qrImage = ({ size, path }: { size: number; path: string }, label: string): Html => {
  const side = size + 2 * margin;
  return html`<svg class="qr" role="img" aria-label="${label}" width="200" height="200" viewBox="${-margin} ${-margin} ${side} ${side}" shape-rendering="crispEdges"><path fill="#fff" d="M${-margin} ${-margin}h${side}v${side}h-${side}z"/><path fill="#000" d="${path}"/></svg>`;
};
