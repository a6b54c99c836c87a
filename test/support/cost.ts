import init, { type Database as Wasm } from "@sqlite.org/sqlite-wasm";
import type SQLite from "better-sqlite3";
import type { CompiledQuery } from "kysely";
import type { Database } from "../../src/database/connect.ts";
import { explainer, heavySteps, sqliteSteps, visited } from "./explain.ts";

/** The cost of a statement, and how many rows it returns. */
export interface Cost {
  cost: number;
  rows: number;
}

/** The heavy steps of its plans, and its cost. */
export interface Study {
  steps: string[];
  cost: Cost;
  /** By the plan of PostgreSQL for any parameters. */
  generalCost?: number;
}

/**
 * Studies statements on the database as it is now. The cost is the rows that PostgreSQL reads, or the steps of SQLite's
 * virtual machine. better-sqlite3 does not report those, so they are counted on a copy by the same SQLite in WebAssembly.
 */
export async function studier({ db, handle }: { db: Database; handle?: SQLite.Database }) {
  if (!handle) {
    const { explain, close } = await explainer(db);
    const study = async (query: CompiledQuery): Promise<Study> => {
      const [plan, general = plan] = await explain(query);
      const steps = [...new Set([plan, general].flatMap(heavySteps))];
      return { steps, cost: visited(plan), generalCost: visited(general).cost };
    };
    return { study, close };
  }
  const sqlite = await init();
  const { version } = handle.prepare("select sqlite_version() as version").get() as { version: string };
  if (version !== sqlite.version.libVersion)
    throw new Error(`better-sqlite3 has SQLite ${version}: install the sqlite-wasm of the same version.`);
  const copy: Wasm = new sqlite.oo1.DB(":memory:");
  const bytes = new Uint8Array(handle.serialize());
  const { SQLITE_DESERIALIZE_FREEONCLOSE, SQLITE_STMTSTATUS_VM_STEP } = sqlite.capi;
  const at = sqlite.wasm.allocFromTypedArray(bytes);
  sqlite.capi.sqlite3_deserialize(copy, "main", at, bytes.length, bytes.length, SQLITE_DESERIALIZE_FREEONCLOSE);
  const study = async (query: CompiledQuery): Promise<Study> => {
    const { sql, parameters } = query;
    const statement = copy.prepare(sql);
    if (parameters.length) statement.bind(parameters as string[]);
    let rows = 0;
    while (statement.step()) rows++;
    const cost = sqlite.capi.sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0);
    statement.finalize();
    return { steps: await sqliteSteps(db, query), cost: { cost, rows } };
  };
  return { study, close: async () => copy.close() };
}
