import { readFileSync } from "node:fs";

let common: ReadonlySet<string> | undefined;

/** The most common passwords, in lower case. Read when the first password is set. */
export function commonPasswords(): ReadonlySet<string> {
  const file = new URL("common-passwords.txt", import.meta.url);
  common ??= new Set(
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line && !line.startsWith("# ")),
  );
  return common;
}
