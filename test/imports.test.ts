import { globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

interface Import {
  /** The importing file, such as `src/releases/rules.ts`. */
  file: string;
  /** A package, or a file of ours from the top of the repository. */
  from: string;
  type: boolean;
}

const files = globSync("{src,views,migrations,test}/**/*.{ts,css,js}", { cwd: root });
const sources = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
const imports = [...sources].flatMap(([file, text]) => importsOf(file, text));

test("views import each other and Hono's template, and from the rest only types", () => {
  const wrong = within("views").filter(({ from, type }) => !type && !from.startsWith("views/") && from !== "hono/html");
  expect(wrong).toEqual([]);
});

test("rules are pure: no database, no queries, no web", () => {
  const outside = /^(kysely|@?hono|pg$|better-sqlite3|node:)|^src\/(database\/|web|app)|\/(routes|api)\.ts$/;
  const wrong = imports.filter(
    ({ file, from, type }) =>
      /^src\/\w+\/rules\.ts$/.test(file) && (outside.test(from) || (!type && from.endsWith("/queries.ts"))),
  );
  expect(wrong).toEqual([]);
});

test("only the application mounts a noun's routes and API", () => {
  const wrong = within("src").filter(
    ({ file, from }) => /\/(routes|api)\.ts$/.test(from) && file !== "src/app.ts" && !file.startsWith("src/api/"),
  );
  expect(wrong).toEqual([]);
});

test("migrations stand alone: they know the schema of their day", () => {
  expect(within("migrations").filter(({ from }) => !/^(migrations\/|kysely$|node:)/.test(from))).toEqual([]);
});

test("what runs imports no tests, and nothing imports the server", () => {
  const runs = ["src", "views", "migrations"].flatMap(within);
  expect(runs.filter(({ from }) => from.startsWith("test/") || from === "src/server.ts")).toEqual([]);
});

test("there are no barrels", () => {
  expect(files.filter((file) => /(^|\/)index\.\w+$/.test(file))).toEqual([]);
});

test("pages load nothing from elsewhere, and the application calls nobody", () => {
  const elsewhere = /\b(src|srcset|href|action|poster)="(https?:)?\/\/[^"]*|@import|url\((?!["']?(#|data:))/g;
  const calls = /(?<![.\w])fetch\(|new (WebSocket|EventSource)\(|from "(node:(http|https|net|tls|dgram)|undici)"/g;
  const found = [...sources].flatMap(([file, text]) => {
    const pattern = file.startsWith("views/") ? elsewhere : calls;
    // what listens is no call, and a type is nothing
    if (/^(test|src\/connections)\//.test(file)) return [];
    const runs = text.replace(/^import type .*$/gm, "");
    return [...runs.matchAll(pattern)].map(([hit]) => `${file}: ${hit}`);
  });
  expect(found).toEqual([]);
});

test("every dependency is one exact version", () => {
  const { dependencies, optionalDependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const all = Object.entries<string>({ ...dependencies, ...optionalDependencies, ...devDependencies });
  expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});

test("the top of the repository holds what the README's layout names", () => {
  const made = ["node_modules", "data"];
  const named = ["LICENSE", "README.md", "migrations", "package-lock.json", "package.json", "src", "test", "views"];
  const forTools = ["tsconfig.json", "vitest.config.ts"];
  const others = readdirSync(root).filter((name) => !name.startsWith(".") && !made.includes(name));
  expect(others.filter((name) => ![...named, ...forTools].includes(name))).toEqual([]);
});

function within(folder: string): Import[] {
  return imports.filter(({ file }) => file.startsWith(`${folder}/`));
}

function importsOf(file: string, text: string): Import[] {
  const statements = text.matchAll(/^\s*(?:import|export)\b(?:([^"'();]*?)\bfrom)?\s*["']([^"']+)["']/gm);
  const calls = text.matchAll(/\bimport\(()["']([^"']+)["']\)/g);
  return [...statements, ...calls].map(([, names = "", specifier = ""]) => ({
    file,
    from: specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : specifier,
    type: onlyTypes(names.trim()),
  }));
}

function onlyTypes(names: string): boolean {
  if (names.startsWith("type ")) return true;
  const [, list] = /^\{([^}]*)\}$/.exec(names) ?? [];
  if (!list) return false;
  const each = list.split(",").filter((name) => name.trim());
  return each.every((name) => name.trim().startsWith("type "));
}
