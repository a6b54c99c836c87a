/** "Tester", "Tester and Marketing", "Tester, Legal and Marketing". */
export function joinWithAnd(names: string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** "Tester", "Tester or Marketing", "Tester, Legal or Marketing". */
export const joinWithOr = (names: string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;

/** 1,234 */
export const formatCount = (count: number): string => count.toLocaleString("en-GB");

/** "1 page", "1,234 pages". Pass `plural` if it is not the noun with an s. */
export const countOf = (count: number, noun: string, plural = `${noun}s`): string =>
  `${formatCount(count)} ${count === 1 ? noun : plural}`;

/** Identifies a page or software item within its site, as a key of maps and sets. */
export const artifactKey = ({ kind, key }: { kind: unknown; key: unknown }): string => `${kind} ${key}`;

/** Lone surrogates too: no database stores them, so that what is stored would differ from what was sent. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
export const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/u;

/**
 * Letters of any script without their case, for comparing and searching: the same for CAFÉ and café, Straße and STRASSE.
 * Folded here and not by the databases, which differ.
 */
export function foldText(text: string): string {
  const lower = text.normalize("NFKC").toUpperCase().toLowerCase();
  return lower
    .replaceAll("ς", "σ")
    .replace(/i\u0307/g, "i")
    .normalize("NFC");
}

/** A name as it is stored and compared: trimmed, in Unicode NFC. */
export const normalName = (name: string): string => name.trim().normalize("NFC");

/** "Ada"; "Nightly build (machine)" for a token. In sentences; pages mark names with `nameOf`. */
export const nameWithKind = ({ name, kind }: { name: string; kind: "person" | "machine" }): string =>
  kind === "machine" ? `${name} (machine)` : name;

/** Joiners within words of scripts that need them, and within emoji. */
const neededJoiners =
  /(?<=[\p{L}\p{M}])(?<![\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}])[\u200c\u200d](?=[\p{L}\p{M}])|(?<=\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)\u200d(?=\p{Extended_Pictographic})|(?<=\p{Emoji})\ufe0f/gu;

/**
 * Why a text that people tell apart by its look is refused: it has a character that is invisible, turns the direction of
 * text, or was lost on the way.
 */
export function whyNotVisible(name: string, text: string): string | undefined {
  const [hidden] = /[\p{Default_Ignorable_Code_Point}\u2800]/u.exec(text.replace(neededJoiners, "")) ?? [];
  if (!hidden) return whyDamaged(name, text);
  const code = (hidden.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `${name} cannot contain invisible characters or characters that turn the direction of text. Remove U+${code}.`;
}

/** Long texts, of more than 2,000 characters, may contain line breaks and tabs; other control characters are refused. */
export function whyNotText(name: string, text: string | undefined, maxLength: number): string | undefined {
  if (text === undefined) return;
  if (text.length > maxLength)
    return `${name} can have at most ${formatCount(maxLength)} characters; this one has ${formatCount(text.length)}.`;
  if (controlCharacters.test(maxLength > 2000 ? text.replace(/[\r\n\t]/g, "") : text))
    return `${name} cannot contain control characters.`;
}

/** Decoders write U+FFFD for what they cannot read: a text that has one was damaged before it came here. */
export const whyDamaged = (name: string, text: string): string | undefined =>
  text.includes("\ufffd")
    ? `${name} has a character that was lost on the way ("\ufffd"). Send or save the text in UTF-8.`
    : undefined;

export function whyNotName(name: string): string | undefined {
  if (!name.trim()) return "Enter a name.";
  if (name.length > 200) return `A name can have at most 200 characters; this one has ${name.length}.`;
  if (controlCharacters.test(name)) return "A name cannot contain control characters or line breaks.";
  return whyNotVisible("A name", name);
}

export function whyNotSlug(slug: string): string | undefined {
  if (/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(slug)) return;
  return "A short name has 1 to 40 lower-case letters, digits and hyphens, and begins and ends with a letter or digit.";
}

/** A short name from a name: "Fennel & Co" becomes "fennel-co". */
export function slugFrom(name: string): string {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(0, 40)
    .replace(/-$/, "");
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** After "rollback" and "rolled back": whether only some of what the promotion replaced was put back. */
export const inPart = (partial: unknown): string => (partial ? " in part" : "");
