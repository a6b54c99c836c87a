const partNames = new Set(
  "article aside details dialog dl fieldset figure footer form header html li nav ol option p section table tbody td th tr ul".split(
    " ",
  ),
);
const voidNames = new Set("area base br col embed hr img input link meta source track wbr".split(" "));

/**
 * The markup without the parts whose skeletons are known or come a second time, and the skeletons of those that are left.
 * Validating a page takes far longer than making it, and nearly all parts of pages differ in their words alone.
 */
export function unknownParts(markup: string, known: Set<string>): { sample: string; skeletons: Set<string> } {
  const skeletons = new Set<string>();
  const kept: string[] = [];
  const open: { name: string; at: number }[] = [];
  const isNew = (skeleton: string) => !known.has(skeleton) && !skeletons.has(skeleton) && skeletons.add(skeleton);
  const close = (name: string) => {
    const at = open.splice(open.findLastIndex((element) => element.name === name))[0]?.at ?? 0;
    if (!partNames.has(name)) return;
    const part = kept.splice(at).join("");
    // what may be in a part depends on the elements around it
    if (isNew(`${open.map((element) => element.name).join(" ")} ${skeletonOf(part)}`)) kept.push(part);
  };
  for (const [token, end, name = ""] of markup.matchAll(tokens)) {
    if (name && !end && !voidNames.has(name)) open.push({ name, at: kept.length });
    kept.push(token);
    if (end) close(name);
  }
  const rest = kept.join("");
  isNew(skeletonOf(rest));
  return { sample: rest, skeletons };
}

const tokens = /<(\/?)([a-z][\w-]*)(?:"[^"]*"|'[^']*'|[^"'>])*>|<[^>]*>|[^<]+/gi;

/**
 * The markup with all words alike, in the text and in values that may be any text, all lengths alike, and with numbers in
 * place of ids.
 */
function skeletonOf(markup: string): string {
  const numbers = new Map<string, number>();
  const numberOf = (id: string) => numbers.get(id) ?? numbers.set(id, numbers.size).size - 1;
  const numbered = (_: string, name: string, ids: string) => ` ${name}="${ids.split(" ").map(numberOf).join(" ")}"`;
  return markup
    .replace(blanks, ">$1")
    .replace(text, (_, words) => `>${wordless(words)}`)
    .replace(anyValue, (_, start, value) => start + wordless(value))
    .replace(lengths, (_, start) => `${start}1`)
    .replace(idsAndReferences, numbered);
}

/**
 * Only what could be written wrongly is kept: other character references than those of escaped text, and characters that
 * may have to be one.
 */
const wordless = (words: string): string => {
  const special = words.match(/&(?!(?:amp|lt|gt|quot|#39);)[a-zA-Z\d#]*;?|["']/g);
  return special ? [...new Set(["x", ...special])].sort().join("") : "x";
};

/** The same white space once more, which parts that are left out leave behind. */
const blanks = />(\s)\1+(?=<)/g;
const text = />([^<]*[^\s<][^<]*)/g;
const anyValue = new RegExp(
  `( (?:${[
    ..."action aria-label content data-\\w+ datetime formaction href".split(" "),
    ..."hx-get hx-post hx-sse:connect hx-vals placeholder title value".split(" "),
  ].join("|")})=")([^"]+)`,
  "g",
);
const lengths = /( (?:height|width|[xy][12]?)=")\d+(?:\.\d+)?(?=%?")/g;

export const idsAndReferences = / (id|for|list|form|aria-(?:labelledby|describedby|controls|owns))="([^"]+)"/g;
