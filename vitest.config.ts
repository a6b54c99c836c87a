import { defineConfig } from "vitest/config";

/** The same files on each engine, then real Chromium once both cores are free for it. */
export default defineConfig({
  test: {
    isolate: false,
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    experimental: { viteModuleRunner: false, nodeLoader: false },
    projects: [
      { extends: true, test: { name: "sqlite", include: ["test/*.test.ts"], env: { SITEBOOK_TEST_ENGINE: "sqlite" } } },
      {
        extends: true,
        test: {
          name: "postgres",
          include: ["test/*.test.ts"],
          env: { SITEBOOK_TEST_ENGINE: "postgres" },
          globalSetup: "test/support/postgres.ts",
        },
      },
      {
        extends: true,
        test: { name: "browser", include: ["test/browser/*.test.ts"], sequence: { groupOrder: 1 } },
      },
    ],
  },
});
