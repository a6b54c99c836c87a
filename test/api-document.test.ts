import { afterEach, beforeEach, expect, test } from "vitest";
import { createApi } from "../src/api-app.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

interface Operation {
  operationId: string;
  summary: string;
  security?: object[];
  parameters?: { in: string; name: string; required: boolean }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content: Record<string, { schema: object }> }>;
}
interface Document {
  openapi: string;
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: object };
}

const open = async (path: string) => w.app.request(`http://sitebook.test${path}`);
const read = async () => (await (await open("/openapi.json")).json()) as Document;
const operations = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  );

/** The contract: calls may be added, and none is renamed or removed. */
const contract = `
get /healthz
get /readyz
get /api/v1/sites
post /api/v1/sites
get /api/v1/sites/{site}/environments
get /api/v1/sites/{site}/environments/{env}/placements
post /api/v1/sites/{site}/environments/{env}/deployments
get /api/v1/sites/{site}/deployments
get /api/v1/sites/{site}/deployments/{n}
get /api/v1/sites/{site}/artifacts
get /api/v1/sites/{site}/artifacts/{kind}/history
get /api/v1/sites/{site}/compare
post /api/v1/sites/{site}/releases
get /api/v1/sites/{site}/releases
get /api/v1/sites/{site}/releases/{n}
post /api/v1/sites/{site}/promotions
get /api/v1/sites/{site}/promotions
get /api/v1/sites/{site}/promotions/{n}
post /api/v1/sites/{site}/promotions/{n}/approvals
post /api/v1/sites/{site}/promotions/{n}/completion
post /api/v1/sites/{site}/promotions/{n}/cancellation
get /api/v1/sites/{site}/can-promote
get /api/v1/sites/{site}/environments/{env}/gate
put /api/v1/sites/{site}/environments/{env}/gate`;

test("anybody can read the document, and it has every call of the contract", async () => {
  const document = await read();
  expect(document.openapi).toBe("3.1.0");
  expect(document.servers).toEqual([{ url: "http://sitebook.test" }]);
  const calls = operations(document).map(({ method, path }) => `${method} ${path}`);
  expect(calls).toEqual(expect.arrayContaining(contract.trim().split("\n")));
});

test("every route of the API is in the document, and nothing else is", async () => {
  const routed = createApi("http://sitebook.test")
    .routes.filter(({ method, path }) => method !== "ALL" && /^\/(api\/|healthz$|readyz$)/.test(path))
    .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, "{$1}")}`);
  const calls = operations(await read()).map(({ method, path }) => `${method} ${path}`);
  expect(calls.sort()).toEqual([...new Set(routed)].sort());
});

test("every call documents its summary, security, parameters, body and responses, with refusals", async () => {
  const all = operations(await read());
  expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(all.length);
  for (const { path, method, summary, security, parameters = [], requestBody, responses } of all) {
    const isOpen = path === "/healthz" || path === "/readyz";
    expect(summary).toBeTruthy();
    expect(security).toEqual(isOpen ? undefined : [{ token: [] }]);
    const inPath = parameters
      .filter((parameter) => parameter.in === "path" && parameter.required)
      .map(({ name }) => `{${name}}`);
    expect(inPath).toEqual(path.match(/\{\w+\}/g) ?? []);
    expect(Boolean(requestBody?.content["application/json"]?.schema)).toBe(["post", "patch", "put"].includes(method));
    expect(parameters.some(({ name }) => name === "Idempotency-Key")).toBe(["post", "put"].includes(method));
    expect(responses[method === "post" ? 201 : 200]?.content["application/json"]?.schema).toBeTruthy();
    if (!isOpen)
      for (const status of [401, 404, 422])
        expect(responses[status]?.content["application/problem+json"]?.schema).toEqual({
          $ref: "#/components/schemas/Problem",
        });
  }
});

test("every schema that the document refers to is in it", async () => {
  const document = await read();
  const names = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
  expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(names));
  expect(document.components.securitySchemes).toMatchObject({ token: { type: "http", scheme: "bearer" } });
});

test("the document says what a webhook gets, with every type and the headers that sign it", async () => {
  const { webhooks } = (await read()) as Document & { webhooks: Record<string, { post: Operation }> };
  const { parameters, requestBody } = (webhooks.event as { post: Operation }).post;
  expect(parameters?.map(({ name }) => name)).toEqual(["webhook-id", "webhook-timestamp", "webhook-signature"]);
  expect(requestBody?.content["application/json"]?.schema).toEqual({ $ref: "#/components/schemas/WebhookEvent" });
});

test("a monitor sees that the server is running, and whether its database answers", async () => {
  expect(await (await open("/healthz")).json()).toEqual({ status: "alive" });
  const ready = await open("/readyz");
  expect([ready.status, await ready.json()]).toEqual([200, { status: "ready" }]);
  await w.db.destroy();
  expect((await open("/healthz")).status).toBe(200);
  const unready = await open("/readyz");
  expect([unready.status, await unready.json()]).toEqual([503, { status: "database unreachable" }]);
});
