import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("types, lint rules, formatting and unused code", async () => {
  const complaints = await promisify(execFile)("npm", ["run", "--silent", "check"]).then(
    () => "",
    ({ stdout, stderr }) => stdout + stderr,
  );

  expect(complaints).toBe("");
}, 300_000);
