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
].map((name) => `test/${name}.test.ts`);
const include = ["test/*.test.ts"];

/** Short files that run for long, partly waiting. At the end of a project they would leave a core idle. */
const long = [
  "torture",
  "whole-site",
  "real-history",
  "attacks",
  "check",
  "browser/pages-half",
  "browser/pages-other-half",
].map((name) => `/test/${name}.test.ts`);

/** Where no earlier run says how long a file takes, the larger ones of each project come first, after these. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const projects = Object.groupBy(await super.sort(files), ({ project }) => project.name);
    const isLong = ({ moduleId }: TestSpecification) => long.some((path) => moduleId.endsWith(path));
    return Object.values(projects).flatMap((specs = []) => [
      ...specs.filter(isLong),
      ...specs.filter((spec) => !isLong(spec)),
    ]);
  }
}

/** The same files on each engine but for some, then real Chromium once both cores are free for it. More workers than cores, as many tests wait. */
export default defineConfig({
  test: {
    isolate: false,
    // collecting garbage less often saves a twentieth of the time
    execArgv: ["--min-semi-space-size=64", "--max-semi-space-size=64"],
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // a machine with other work may need longer than the default of one second
    expect: { poll: { timeout: 10_000 } },
    experimental: { viteModuleRunner: false, nodeLoader: false },
    projects: [
      { extends: true, test: { name: "sqlite", include, env: { SITEBOOK_TEST_ENGINE: "sqlite" } } },
      {
        extends: true,
        test: {
          name: "postgres",
          include,
          exclude: once,
          env: { SITEBOOK_TEST_ENGINE: "postgres" },
          globalSetup: "test/support/postgres.ts",
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["test/browser/*.test.ts"],
          sequence: { groupOrder: 1 },
          globalSetup: "test/browser/chromium.ts",
        },
      },
    ],
  },
});
