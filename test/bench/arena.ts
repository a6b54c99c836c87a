import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startServer } from "../support/postgres.ts";
import { starting } from "../support/serving.ts";
import { openPromotions } from "./approvals.ts";
import type { Size } from "./fill.ts";
import { benchWorld } from "./world.ts";

export type Engine = "sqlite" | "postgres";

/** A Sitebook with a history of one size. */
export interface BenchServer extends Size {
  engine: Engine;
  databaseUrl: string;
  cookie: { ada: string; theo: string };
  token: string;
  /** Requests that each approve one of its open promotions. */
  approvals: Buffer[];
  server: ReturnType<typeof starting>;
  url: string;
}

/** Starts everything that a run needs, and removes it when its block ends. */
export async function arena(engine: Engine, sizes: Size[], log: (text: string) => void) {
  const folder = await mkdtemp(join(tmpdir(), "sitebook-bench-"));
  const postgres = engine === "postgres" ? await startServer("--durable") : undefined;
  const servers: BenchServer[] = [];
  for (const size of sizes) {
    const name = `bench_${size.pages}_${size.placements}`;
    log(`Filling ${engine} with ${size.pages} pages and ${size.placements} placements …`);
    const databaseUrl = postgres ? await createDatabase(postgres.url, name) : `file:${join(folder, name)}`;
    const filled = await benchWorld(databaseUrl, size);
    const approvals = await openPromotions(filled, 8000);
    await filled.db.destroy();
    const server = starting({
      DATABASE_URL: databaseUrl,
      TRUSTED_PROXIES: "127.0.0.1",
      SECRET: "of the bench, which is no secret",
      WEBHOOK_NETWORKS: "127.0.0.1",
    });
    const { cookie, token } = filled;
    servers.push({ ...size, engine, databaseUrl, cookie, token, approvals, server, url: await server.url() });
  }
  return {
    servers,
    [Symbol.asyncDispose]: async () => {
      for (const { server } of servers) await server[Symbol.asyncDispose]();
      await postgres?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function createDatabase(server: string, name: string): Promise<string> {
  const administrator = new pg.Client({ connectionString: server.replace("DATABASE", "postgres") });
  await administrator.connect();
  await administrator.query(`create database ${name}`);
  await administrator.end();
  return server.replace("DATABASE", name);
}
