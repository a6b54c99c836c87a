import { type Html, html } from "../parts/html.ts";
import { xmlText } from "../parts/xml.ts";

export interface Badge {
  label: string;
  value: string;
  tone: "good" | "waiting" | "bad" | "plain";
}

const colours: Record<Badge["tone"], string> = {
  good: "#1f6f43",
  waiting: "#8a5a00",
  bad: "#a8322a",
  plain: "#4a5560",
};

const maxCharacters = 60;

/** Two words side by side as an image, for pages elsewhere. Its colours are attributes, as inline styles are forbidden. */
export function badgeImage({ label, value, tone }: Badge): Html {
  const [left, right] = [shortened(label), shortened(value)];
  const [leftWidth, rightWidth] = [widthOf(left), widthOf(right)];
  const width = leftWidth + rightWidth;
  const text = (words: string, x: number, wide: number) =>
    html`<text x="${x + wide / 2}" y="14" textLength="${wide - 12}" lengthAdjust="spacingAndGlyphs">${xmlText(words)}</text>`;
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" viewBox="0 0 ${width} 20" role="img" aria-label="${xmlText(`${left}: ${right}`)}">
<title>${xmlText(`${left}: ${right}`)}</title>
<rect width="${width}" height="20" rx="3" fill="#2b323a"/>
<path d="M${leftWidth} 0h${rightWidth - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-${rightWidth - 3}z" fill="${colours[tone]}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">${text(left, 0, leftWidth)}${text(right, leftWidth, rightWidth)}</g>
</svg>
`;
}

function shortened(words: string): string {
  const characters = Array.from(words);
  return characters.length > maxCharacters ? `${characters.slice(0, maxCharacters - 1).join("")}…` : words;
}

const wide = /[\p{Extended_Pictographic}\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}]/u;

/** In pixels, about: the text is then fitted into it. */
const widthOf = (words: string): number =>
  Array.from(words).reduce((sum, character) => sum + (wide.test(character) ? 13 : 7), 12);
