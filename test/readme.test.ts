import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const readme = read("README.md");

test("the README's commands exist, and CI runs the test command", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

  expect(readme).toContain("npm ci && npm start");
  expect(readme).toContain("npm ci && npm test");
  expect(read(".ci/run")).toContain("npm ci && npm test");
  expect(scripts).toMatchObject({ start: expect.any(String), test: expect.any(String), sitebook: expect.any(String) });
  for (const [, script = ""] of readme.matchAll(/npm run ([a-z]+)/g)) expect(scripts).toHaveProperty(script);
});

test("the configuration table has exactly the variables that are read", () => {
  const configured = [...read("src/config.ts").matchAll(/env\.([A-Z_]+)/g)].map(([, name]) => name);
  const table = readme.slice(readme.indexOf("## Configuration"));
  const described = [...table.matchAll(/`([A-Z]+(?:_[A-Z]+)*)`/g)].map(([, name]) => name);

  expect(new Set(described)).toEqual(new Set(configured));
});

test("the folders, files and pictures that the README names exist", () => {
  const tree = readme.slice(readme.indexOf("## Where things are"), readme.indexOf("## Configuration"));
  for (const folder of ["src", "views", "migrations", "test"]) expect(tree).toContain(`${folder}/`);
  for (const [, path] of readme.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g))
    expect(existsSync(new URL(path ?? "", root))).toBe(true);
  for (const path of ["src/server.ts", "src/app.ts", "views/parts", "views/assets", "test/browser"])
    expect(existsSync(new URL(path, root))).toBe(true);
});

test("the files and addresses that the README of the code names exist", () => {
  const text = read("src/README.md");
  for (const [, path = ""] of text.matchAll(/`((?:[a-z-]+\/)+[a-z-]+\.ts)`/g))
    expect(
      ["src", "."].some((folder) => existsSync(new URL(`${folder}/${path}`, root))),
      path,
    ).toBe(true);
  const [, address = ""] = /`POST \/sites\/shop\/promotions\/12(\/\w+)` calls `decide`/.exec(text) ?? [];
  expect(read("src/promotions/routes.ts")).toContain(`{[0-9]{1,9}}${address}", async`);
});
