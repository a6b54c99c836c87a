import { PostgresAdapter, PostgresDialect } from "kysely";
import type { PoolConfig } from "pg";
import { PostgresCompiler } from "../query-compilers.ts";
import { SiteWriters } from "./site-writers.ts";

/** PostgreSQL for a server: the writers of sites have connections of their own, so that others can always read. */
export class Postgres extends PostgresDialect {
  readonly #writers: SiteWriters;

  /** The driver is loaded when it is first used. */
  constructor(url: string) {
    const pool = (options: PoolConfig) => async () => (await import("./pool.ts")).createPool(url, options);
    super({ pool: pool({ max: 10 }) });
    this.#writers = new SiteWriters({ pool: pool({ max: 4, pipeline: true }) });
  }
  override createDriver() {
    const driver = super.createDriver();
    const destroy = driver.destroy.bind(driver);
    driver.destroy = async () => void (await Promise.all([destroy(), this.#writers.destroy()]));
    return driver;
  }
  override createQueryCompiler() {
    return new PostgresCompiler();
  }
  override createAdapter() {
    return new WritersAdapter(this.#writers);
  }
}

/** Through it, the code that has the database finds its writers. */
export class WritersAdapter extends PostgresAdapter {
  readonly writers: SiteWriters;
  constructor(writers: SiteWriters) {
    super();
    this.writers = writers;
  }
}
