import { globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

interface Import {
  /** The importing file, such as `src/releases/rules.ts`. */
  file: string;
  /** A package, or the path of a file from the root of the repository. */
  from: string;
  type: boolean;
}

const files = globSync("{src,views,migrations,test}/**/*.{ts,css,js}", { cwd: root });
const sources = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
const imports = [...sources].flatMap(([file, text]) => importsOf(file, text));

/** The rooms of src from the lowest to the highest. Each imports from its own and from those above it in this list. */
const floors = [
  ["schema", "text", "errors", "time", "log"],
  ["database"],
  ["access"],
  ["record"],
  ["intake"],
  ["jobs", "mail"],
  ["http"],
  ["api", "network"],
  // the nouns
  ["integrity"],
  ["delegations"],
  ["freezes"],
  ["sightings"],
  ["promotions"],
  ["gates"],
  ["releases"],
  ["deployments"],
  ["corrections"],
  ["board"],
  ["compare"],
  ["observer"],
  ["findings"],
  ["observations"],
  ["visits"],
  ["environments"],
  ["sites"],
  ["calendar"],
  ["people"],
  ["sign-on"],
  ["roles"],
  ["artifacts"],
  ["history"],
  ["search"],
  ["exports"],
  ["guests"],
  ["webhooks"],
  ["notices"],
  ["feeds", "live-updates"],
  ["departures"],
  ["settings", "evidence"],
  ["example"],
  ["setup"],
  // what is composed of them
  ["health", "api-app", "app", "config"],
  ["server", "cli"],
];
const floorOf = new Map(floors.flatMap((rooms, i) => rooms.map((room) => [room, i] as const)));

/** `src/board/rules.ts` and `src/text.ts` are in the rooms board and text. */
const roomOf = (file: string): string => file.split("/")[1]?.replace(/\.\w+$/, "") ?? "";

const amongRooms = imports.filter(
  ({ file, from }) => file.startsWith("src/") && from.startsWith("src/") && roomOf(file) !== roomOf(from),
);

test("every room of src has a floor", () => {
  const rooms = new Set([...sources.keys()].filter((file) => file.startsWith("src/")).map(roomOf));
  expect([...rooms].filter((room) => !floorOf.has(room) && room !== "new-enough")).toEqual([]);
});

test("a room imports only from the floors below its own", () => {
  const upward = amongRooms.filter(
    ({ file, from }) => (floorOf.get(roomOf(from)) ?? 0) > (floorOf.get(roomOf(file)) ?? 99),
  );
  const sentences = upward.map(
    ({ file, from }) =>
      `${file} imports ${from}, which is on a higher floor: move what it needs to ${roomOf(file)}, or lower.`,
  );
  expect(sentences).toEqual([]);
});

test("no two rooms import each other at run time", () => {
  const pairs = new Set(
    amongRooms.filter(({ type }) => !type).map(({ file, from }) => `${roomOf(file)} ${roomOf(from)}`),
  );
  expect([...pairs].filter((pair) => pairs.has(pair.split(" ").reverse().join(" ")))).toEqual([]);
});

test("views import other views, text and time, and only types from elsewhere", () => {
  const wrong = within("views").filter(({ from, type }) => !type && !/^(views\/|src\/text\.ts|src\/time\/)/.test(from));
  expect(wrong).toEqual([]);
});

test("rules are pure: no database, no queries, no HTTP", () => {
  const outside = /^(kysely|@?hono|pg$|better-sqlite3|node:)|^src\/(database|http|api)\/|\/(routes|api)\.ts$/;
  const wrong = imports.filter(
    ({ file, from, type }) =>
      /^src\/\w+\/([\w-]+-)?rules\.ts$/.test(file) && (outside.test(from) || (!type && from.endsWith("/queries.ts"))),
  );
  expect(wrong).toEqual([]);
});

test("only the application mounts a noun's routes and API", () => {
  const wrong = within("src").filter(
    ({ file, from }) => /\/(routes|([\w-]+-)?api)\.ts$/.test(from) && !["src/app.ts", "src/api-app.ts"].includes(file),
  );
  expect(wrong).toEqual([]);
});

test("migrations import nothing else, as they belong to the schema of their time", () => {
  expect(within("migrations").filter(({ from }) => !/^(migrations\/|kysely$|node:)/.test(from))).toEqual([]);
});

test("the application imports no tests, and nothing imports the server", () => {
  const application = ["src", "views", "migrations"].flatMap(within);
  expect(application.filter(({ from }) => from.startsWith("test/") || from === "src/server.ts")).toEqual([]);
});

test("there are no barrels", () => {
  expect(files.filter((file) => /(^|\/)index\.\w+$/.test(file))).toEqual([]);
});

test("pages load nothing from other servers, and the application calls none but for sitemaps, webhooks, mails and visits", () => {
  const elsewhere = /\b(src|srcset|href|action|poster)="(https?:)?\/\/[^"]*|@import|url\((?!["']?(#|data:))/g;
  const calls =
    /(?<![.\w])fetch\(|new (WebSocket|EventSource)\(|from "(node:(http|https|net|tls|dgram)|undici|nodemailer)"/g;
  const servers = ["client-address", "raw-response", "server"].map((name) => `src/http/${name}.ts`);
  const callers = ["mail/mailer", "network/get", "network/private-networks", "webhooks/post"];
  const found = [...sources].flatMap(([file, text]) => {
    const pattern = file.startsWith("views/") ? elsewhere : calls;
    // a server listens, and a type is not run
    if (file.startsWith("test/") || servers.includes(file) || callers.some((name) => file === `src/${name}.ts`))
      return [];
    const code = text.replace(/^import type .*$/gm, "");
    return [...code.matchAll(pattern)].map(([hit]) => `${file}: ${hit}`);
  });
  expect(found).toEqual([]);
});

test("every dependency has an exact version", () => {
  const { dependencies, optionalDependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const all = Object.entries<string>({ ...dependencies, ...optionalDependencies, ...devDependencies });
  expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});

test("the root of the repository has only what the README names, and files of tools", () => {
  const generated = ["node_modules", "data"];
  const named = ["LICENSE", "README.md", "migrations", "package-lock.json", "package.json", "src", "test", "views"];
  const forTools = ["tsconfig.json", "vitest.config.ts"];
  const others = readdirSync(root).filter((name) => !name.startsWith(".") && !generated.includes(name));
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
