import type { Environment } from "../access/environments.ts";
import { Refusal } from "../errors.ts";
import { joinWithOr } from "../text.ts";

type Server = Environment["servers"][number];

/** The server of an environment with this name, or its only one. Throws a Refusal with 422 beside `server`. */
export function namedServer({ name, servers }: Pick<Environment, "name" | "servers">, wanted?: string): Server {
  const server = wanted === undefined && servers.length === 1 ? servers[0] : servers.find((one) => one.name === wanted);
  if (server) return server;
  const names = joinWithOr(servers.map((one) => one.name));
  const message = servers.length ? `Name a server of ${name}: ${names}.` : `${name} has no server.`;
  throw new Refusal(422, message, { errors: [{ path: "server", message }] });
}
