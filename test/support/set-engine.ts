// Runs before each test file. Its path says on which engine its tests run, as vitest.config.ts explains.
import { expect } from "vitest";
import { setEngine } from "./database.ts";

setEngine(expect.getState().testPath?.includes("/.postgres/") ? "postgres" : "sqlite");
