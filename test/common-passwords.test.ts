import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { commonPasswords } from "../src/people/common-passwords.ts";
import { newLink } from "../src/people/links.ts";
import { whyNotPassword } from "../src/people/rules.ts";
import { commandLine } from "./support/command-line.ts";
import { folder } from "./support/folder.ts";
import { password, type World, world } from "./support/world.ts";

const sentence = "This password is easy to guess: many people use it, or one like it. Choose a few words instead.";
const whyNot = (text: string) => whyNotPassword(text, "mara.klein@fennel-and-co.test", commonPasswords());

test.each([
  "1q2w3e4r5t",
  "Basketball",
  "Password2026!",
  "12iloveyou34",
  "passwordpassword",
  "aaaaaaaaaaaa",
  "abababababab",
  "Sitebook2026",
  "mara.klein1",
  "!!klein!!!!",
  "Fennel-and-Co1",
])("%s is refused as a common password", (text) => {
  expect(whyNot(text)).toBe(sentence);
});

test.each(["correct horse battery", "a new password", "summer in the warehouse", "ümläüt ümläuten", "01.02.1985 -> x"])(
  "%s is not common",
  (text) => {
    expect(whyNot(text)).toBeUndefined();
  },
);

test("the list has thousands of passwords", () => {
  expect(commonPasswords().size).toBeGreaterThan(8000);
});

describe("a common password is refused beside its field", () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());
  const common = { password: "Password2026!", again: "Password2026!" };

  test("when it is chosen with a link, or changed", async () => {
    for (const purpose of ["invitation", "reset"] as const) {
      const link = await newLink(w.db, purpose, w.people.vera.id, w.clock.at);
      const page = await w.as("nobody").post(`/${purpose}`, { link, ...common });
      expect([page.status, await page.text()]).toEqual([
        422,
        expect.stringContaining(`id="password-error">${sentence}`),
      ]);
    }
    const page = await w.as("mara").post("/account/password", { current: password, ...common });
    expect([page.status, await page.text()]).toEqual([422, expect.stringContaining(`id="password-error">${sentence}`)]);
  });
});

test("the first account on the command line gets none", async () => {
  await using dir = await folder();
  const sitebook = commandLine({ env: { DATABASE_URL: `file:${dir.path}/book.db` }, stdin: "Password2026!" });
  const { code, err } = await sitebook(["setup", "--email", "ada@example.test", "--name", "Ada"]);
  expect([code, err]).toEqual([2, expect.stringContaining(sentence)]);
});
