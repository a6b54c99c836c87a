import { serve } from "@hono/node-server";
import { createApp } from "./app.ts";
import { type Config, readConfig } from "./config.ts";
import { migrate } from "./database/migrate.ts";
import { type Database, openDatabase } from "./database/open.ts";
import { setupLink } from "./people/links.ts";

function configured(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    stop(error instanceof Error ? error.message : String(error));
  }
}

function stop(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}

async function prepared({ databaseUrl }: Config): Promise<Database> {
  try {
    const db = openDatabase(databaseUrl);
    await migrate(db);
    return db;
  } catch (error) {
    stop(
      `The database ${hidePassword(databaseUrl)} cannot be used: ${error instanceof Error ? error.message : error}. Check DATABASE_URL.`,
    );
  }
}

function hidePassword(url: string): string {
  return url.replace(/:[^:@/]*@/, ":…@");
}

const config = configured();
const db = await prepared(config);
const app = createApp(db, { baseUrl: config.baseUrl, address: (_, env) => addressOf(env) });
const server = serve({ fetch: app.fetch, port: config.port, hostname: config.host }, () => greet());

function addressOf(env: unknown): string {
  return (env as { incoming?: { socket?: { remoteAddress?: string } } })?.incoming?.socket?.remoteAddress ?? "";
}

async function greet(): Promise<void> {
  console.log(`Sitebook is at ${config.baseUrl}`);
  const link = await setupLink(db, new Date().toISOString());
  if (link) console.log(`There is no account yet. Make the first one, once, at ${config.baseUrl}/setup?link=${link}`);
}

server.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EADDRINUSE")
    stop(`Port ${config.port} is in use, perhaps by another Sitebook. Stop that one, or set PORT.`);
  stop(`Sitebook cannot listen on ${config.host}:${config.port}: ${error.message}. Set HOST and PORT.`);
});

/** Lets running requests end, closes the database, and goes. Idle connections are not waited for. */
function close(): void {
  server.close(async () => {
    await db.destroy();
    process.exit(0);
  });
  if ("closeIdleConnections" in server) server.closeIdleConnections();
}

process.on("SIGTERM", close);
process.on("SIGINT", close);
