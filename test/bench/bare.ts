// The limit that pages are compared with: only Hono on the same server adapter. `POST /:name` stores a body;
// `GET /bytes/:name` returns it from a Buffer, `GET /text/:name` from a string.
import { once } from "node:events";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";

const bodies = new Map<string, { bytes: Uint8Array<ArrayBuffer>; text: string }>();
const app = new Hono();
app.post("/:name", async (c) => {
  const bytes = new Uint8Array(await c.req.arrayBuffer());
  bodies.set(c.req.param("name"), { bytes, text: Buffer.from(bytes).toString() });
  return c.body(null, 204);
});
app.get("/bytes/:name", (c) =>
  c.body(bodies.get(c.req.param("name"))?.bytes ?? "", 200, { "content-type": "text/html; charset=utf-8" }),
);
app.get("/text/:name", (c) => c.text(bodies.get(c.req.param("name"))?.text ?? ""));

const server = createAdaptorServer({ fetch: app.fetch });
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as { port: number };
console.log(`Sitebook is at http://localhost:${port}`);
