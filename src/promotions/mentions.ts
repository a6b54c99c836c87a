import { foldText } from "../text.ts";

/** Somebody whom a text can mention with @ and their name, or the part of their e-mail address before the @. */
interface Mentionable {
  id: string;
  name: string;
  email: string | null;
}

export interface Mention {
  id: string;
  /** As it was written: `@mara`. */
  text: string;
}

/** Where a name may begin. A text of nothing but such signs must not take long, so only the first ones count. */
const signs = (text: string) => [...text.matchAll(/(?<![\p{L}\p{N}.+_-])@(?=[\p{L}\p{N}])/gu)].slice(0, 100);

/** The people whom a text mentions, each once. Where two have the same name, both are; a name that nobody has stays text. */
export function mentionsIn(text: string, people: Mentionable[]): Mention[] {
  const handles = people.flatMap(({ id, name, email }) =>
    [name, email?.split("@")[0] ?? ""].filter(Boolean).map((handle) => ({ id, handle: foldText(handle) })),
  );
  const mentions = signs(text).flatMap(({ index }) => mentionsAt(text, index, handles));
  return mentions.filter(({ id }, i) => mentions.findIndex((other) => other.id === id) === i);
}

/** The longest name that begins after the @ at this place, and ends a word. */
function mentionsAt(text: string, start: number, handles: { id: string; handle: string }[]): Mention[] {
  const rest = text.slice(start + 1, start + 201);
  const ends = [...rest.matchAll(/(?![\p{L}\p{N}\p{M}])/gu)].map(({ index }) => index).reverse();
  for (const end of ends) {
    const name = foldText(rest.slice(0, end));
    const found = handles.filter(({ handle }) => handle === name);
    if (found.length) return found.map(({ id }) => ({ id, text: `@${rest.slice(0, end)}` }));
  }
  return [];
}

/** The text in parts: what mentions somebody, and the words between. */
export function withMentions(text: string, mentions: Mention[]): { text: string; isMention: boolean }[] {
  const names = [...new Set(mentions.map((mention) => mention.text))].sort((a, b) => b.length - a.length);
  const parts: { text: string; isMention: boolean }[] = [];
  let from = 0;
  for (const { index } of signs(text)) {
    const name = names.find(
      (name) => text.startsWith(name, index) && /^(?![\p{L}\p{N}\p{M}])/u.test(text.slice(index + name.length)),
    );
    if (!name) continue;
    parts.push({ text: text.slice(from, index), isMention: false }, { text: name, isMention: true });
    from = index + name.length;
  }
  return [...parts, { text: text.slice(from), isMention: false }].filter((part) => part.text);
}
