import { compile } from "css-select";
import { RE2JS } from "re2js";
import { controlCharacters, formatCount } from "../text.ts";
import type { Mask } from "./view.ts";

const maxMasks = 50;
const maxLength = 500;

/** Why a site with these masks cannot have another one. */
export function whyNotMask({ kind, expression }: Mask, masks: Mask[]): string | undefined {
  if (!expression) return kind === "selector" ? "Enter a CSS selector." : "Enter a pattern.";
  if (expression.length > maxLength) return `It can have at most ${formatCount(maxLength)} characters.`;
  if (controlCharacters.test(expression)) return "It cannot contain control characters or line breaks.";
  if (masks.some((mask) => mask.kind === kind && mask.expression === expression))
    return "There is such a mask already.";
  if (masks.length >= maxMasks) return `A site can have at most ${maxMasks} masks. Remove one first.`;
  return kind === "selector" ? whyNotSelector(expression) : whyNotPattern(expression);
}

function whyNotSelector(selector: string): string | undefined {
  try {
    compile(selector);
  } catch (error) {
    return `This CSS selector cannot be read: ${sentenceOf(error)}`;
  }
}

function whyNotPattern(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    const sentence = sentenceOf(error).replace("error parsing regexp: ", "");
    const isPerl = /\(\?[=!<]|\\[1-9]/.test(sentence);
    return isPerl
      ? "A pattern cannot look ahead or behind, or refer back to what it has matched, as that could take for ever."
      : `This pattern cannot be read: ${sentence}`;
  }
}

const sentenceOf = (error: unknown): string => {
  const { message } = error as Error;
  return /[.!?]$/.test(message) ? message : `${message}.`;
};
