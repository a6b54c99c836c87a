import { describe, expect, test } from "vitest";
import { foldText, normalName, whyNotVisible } from "../src/text.ts";

test.each([
  ["CAFÉ", "café"],
  ["cafe\u0301", "CAFÉ"],
  ["Über", "ÜBER"],
  ["Straße", "STRASSE"],
  ["ΟΔΟΣ", "οδος"],
  ["İstanbul", "ISTANBUL"],
  ["КОНТАКТЫ", "контакты"],
  ["ﬁnance", "FINANCE"],
])("%s and %s are the same without their case", (one, other) => {
  expect(foldText(one)).toBe(foldText(other));
});

test("accents and letters of other scripts stay apart", () => {
  expect(new Set(["cafe", "café", "сafe", "日本"].map(foldText)).size).toBe(4);
});

test("a name is stored in one form", () => {
  expect(normalName("  Zoe\u0308 ")).toBe("Zoë");
});

describe("a name with a character that cannot be seen", () => {
  test.each([
    ["a zero-width space", "sa\u200ble", "U+200B"],
    ["a byte order mark", "\ufeffsale", "U+FEFF"],
    ["a soft hyphen", "sa\u00adle", "U+00AD"],
    ["a turn to right-to-left", "v1\u202e", "U+202E"],
    ["an isolate", "\u2067v1", "U+2067"],
    ["an Arabic letter mark", "v\u061c1", "U+061C"],
    ["a Hangul filler", "v\u31641", "U+3164"],
    ["a tag character", "v\u{e0041}", "U+E0041"],
    ["a blank Braille pattern", "v\u2800", "U+2800"],
    ["a joiner between Latin letters", "ad\u200da", "U+200D"],
  ])("is refused: %s", (_, text, code) => {
    expect(whyNotVisible("A name", text)).toBe(
      `A name cannot contain invisible characters or characters that turn the direction of text. Remove ${code}.`,
    );
  });

  test.each([
    ["Persian with the joiner that it needs", "می\u200cخواهم"],
    ["Hindi with a joiner", "क्\u200dष"],
    ["an emoji of two people", "Team 👩\u200d💻"],
    ["an emoji in colour", "Launch ❤\ufe0f"],
    ["Hebrew", "מבצע"],
  ])("is not %s", (_, text) => {
    expect(whyNotVisible("A name", text)).toBeUndefined();
  });
});
