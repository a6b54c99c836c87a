// Sitebook with shorter timeouts, so that tests need not wait for minutes. At each SIGUSR2 it prints its memory (with
// `--expose-gc`: what remains after a collection).
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import module from "node:module";
import { createApp } from "../../../src/app.ts";
import { readConfig } from "../../../src/config.ts";
import { openMigrated } from "../../../src/database/ready.ts";
import { addressesBehind } from "../../../src/http/client-address.ts";
import { createHttpServer, usualLimits } from "../../../src/http/server.ts";

const quick = { headersTimeout: 2000, requestTimeout: 3000, connectionsCheckingInterval: 250, stalledMs: 3000 };
const limits = { ...usualLimits, ...quick };

const config = readConfig(process.env);
const db = await openMigrated(config.databaseUrl);
const addressOf = addressesBehind(config.trustedProxies, console.error);
const server = createHttpServer((request, env) => app.fetch(request, env), limits);
server.listen(config.port, config.host);
await once(server, "listening");
const baseUrl = `http://localhost:${(server.address() as { port: number }).port}`;
const app = createApp(db, {
  baseUrl,
  address: (request, env) => {
    const { socket } = (env as { incoming: IncomingMessage }).incoming;
    return addressOf(socket.remoteAddress, request.headers.get("x-forwarded-for"));
  },
});
process.on("SIGUSR2", () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  console.log(`It uses ${Math.round((heapUsed + external) / 2 ** 20)} MB.`);
});
console.log(`Sitebook is at ${baseUrl}`);
module.flushCompileCache();
