// What a start and the memory are compared with: only Hono on the same server adapter.
import { once } from "node:events";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";

const app = new Hono();
app.get("/", (c) => c.text("Hello"));

const server = createAdaptorServer({ fetch: app.fetch });
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as { port: number };
console.log(`Sitebook is at http://localhost:${port}`);
