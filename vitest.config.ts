import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// workers, and the processes that they start, need not compile anything again, nor strip types
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("node_modules/.cache/compiled", import.meta.url));

/** Tests that need no database, or that would find the same on either engine: they run with those on SQLite only. */
const once = [
  "assets",
  "attacks",
  "bad-sites",
  "check",
  "client-address",
  "config",
  "directions",
  "freeze-rules",
  "html-checker",
  "http-server",
  "imports",
  "mailer",
  "page-content",
  "parse-moment",
  "parts",
  "password-queue",
  "promotion-rules",
  "read-lines",
  "readme",
  "search-questions",
  "server-start",
  "text",
  "time-format",
];

/**
 * By this path, the folder of tests is found a second time: its files run on PostgreSQL. A project for each engine would have
 * workers of its own, which take a while to become fast.
 */
const onPostgres = "node_modules/.postgres/test";
mkdirSync(new URL("node_modules/.postgres", import.meta.url), { recursive: true });
if (!existsSync(new URL(onPostgres, import.meta.url))) symlinkSync("../../test", new URL(onPostgres, import.meta.url));

/** Short files that run for long, partly waiting. At the end they would leave a core idle. */
const long = ["torture", "whole-site", "real-history", "attacks", "check", "pages-half", "pages-other-half"];

/** Real Chromium comes last, once both cores are free for it. Where no earlier run says how long a file takes, long ones come first. */
class TestOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isBrowser = ({ moduleId }: TestSpecification) => moduleId.includes("/browser/");
    const isLong = ({ moduleId }: TestSpecification) => long.includes(basename(moduleId, ".test.ts"));
    const rank = (file: TestSpecification) => (isBrowser(file) ? 2 : 0) + (isLong(file) ? 0 : 1);
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

/** More workers than cores, as many tests wait. */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", `${onPostgres}/*.test.ts`],
    exclude: once.map((name) => `${onPostgres}/${name}.test.ts`),
    setupFiles: "test/support/set-engine.ts",
    globalSetup: ["test/support/postgres.ts", "test/browser/chromium.ts"],
    isolate: false,
    // collecting garbage less often saves a twentieth of the time
    execArgv: ["--min-semi-space-size=64", "--max-semi-space-size=64"],
    maxWorkers: 3,
    sequence: { sequencer: TestOrder },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // a machine with other work may need longer than the default of one second
    expect: { poll: { timeout: 10_000 } },
    experimental: { viteModuleRunner: false, nodeLoader: false },
  },
});
