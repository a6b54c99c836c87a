import { expect } from "vitest";
import { problemSchema } from "../../src/api/schemas.ts";
import { createApi } from "../../src/api-app.ts";
import type { World } from "./world.ts";

const documentedRoutes = createApi("http://sitebook.test").openAPIRegistry.definitions.flatMap((definition) =>
  definition.type === "route" ? [definition.route] : [],
);

export interface ApiAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: each test checks what it expects
  body: any;
  headers: Headers;
}

/** A machine that administers the other site, and has no role on the shop. */
export async function stranger(w: World) {
  const elsewhere = w.db.selectFrom("sites").select("id").where("slug", "=", "elsewhere");
  return machine(w, "administrator", await elsewhere.executeTakeFirstOrThrow());
}

/** A machine with this role on the shop, or on another site. Every response that it gets is checked against the document. */
export async function machine(w: World, role: string, on?: { id: string }) {
  const client = await w.token(role, on);
  const headers = { authorization: `Bearer ${client.secret}` };
  return {
    ...client,
    get: async (path: string) => checked("get", path, await client.get(path)),
    post: async (path: string, body: unknown, more?: Record<string, string>) =>
      checked("post", path, await client.post(path, body, more)),
    put: async (path: string, body: unknown) => checked("put", path, await client.send("PUT", path, body)),
    patch: async (path: string, body: unknown) => checked("patch", path, await client.send("PATCH", path, body)),
    /** Sends a request as it is, with the token. */
    send: async (path: string, init: RequestInit) =>
      checked(
        init.method?.toLowerCase() ?? "get",
        path,
        await w.app.request(`http://sitebook.test/api/v1${path}`, {
          ...init,
          headers: { ...headers, ...(init.headers as Record<string, string>) },
        }),
      ),
  };
}

/** Reads a response, which must be documented for this call and have no other fields. */
async function checked(method: string, path: string, response: Response): Promise<ApiAnswer> {
  const { status, headers } = response;
  const body = await response.json();
  const type = headers.get("content-type");
  if (status >= 400) {
    expect(routeFor(method, path)?.responses ?? { [status]: "no such call" }).toHaveProperty(String(status));
    expect(type).toBe("application/problem+json");
    expect(problemSchema.parse(body)).toEqual(body);
    expect(body).toMatchObject({ status, detail: expect.stringMatching(/^\S.*\.$/s) });
  } else {
    const schema = schemaFor(method, path, status);
    expect(type).toBe("application/json");
    expect(schema.parse(body)).toEqual(body);
  }
  return { status, body, headers };
}

function routeFor(method: string, path: string) {
  return documentedRoutes.find((route) => route.method === method && matches(route.path, path));
}

function schemaFor(method: string, path: string, status: number) {
  const answers = routeFor(method, path)?.responses as Record<
    number,
    { content?: Record<string, { schema?: typeof problemSchema }> }
  >;
  const schema = answers?.[status]?.content?.["application/json"]?.schema;
  if (!schema) throw new Error(`${method} ${path} answers ${status}, which is not in the document`);
  return schema;
}

function matches(template: string, path: string): boolean {
  const pattern = template.replace("/api/v1", "").replace(/\{\w+\}/g, "[^/]+");
  return new RegExp(`^${pattern}$`).test(path.split("?")[0] ?? "");
}

/** The number of rows by table, to see that nothing changed. */
export async function countRowsIn(w: World) {
  const count = async (
    table:
      | "deployments"
      | "placements"
      | "events"
      | "artifacts"
      | "versions"
      | "intents"
      | "promotions"
      | "approvals"
      | "releases"
      | "sites",
  ) => {
    const row = await w.db
      .selectFrom(table)
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    return [table, row.count] as const;
  };
  const tables = [
    "deployments",
    "placements",
    "events",
    "artifacts",
    "versions",
    "intents",
    "promotions",
    "approvals",
    "releases",
    "sites",
  ] as const;
  const counts: [string, number][] = [];
  for (const table of tables) counts.push([...(await count(table))]);
  return Object.fromEntries(counts);
}
