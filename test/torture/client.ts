import { slug } from "./cast.ts";
import type { KillableDatabase, KillableServer } from "./killable.ts";
import type { Ledger, Write } from "./ledger.ts";

export interface ServerAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the JSON of the API; the text of a page is not used
  body: any;
}

export interface Scene {
  ledger: Ledger;
  servers: KillableServer[];
  database: KillableDatabase;
  /** Clients begin nothing new. */
  isOver: boolean;
}

/**
 * Sends a write until it is answered: if the server was killed, to the same one once it is running again, or to another.
 * Now and then the client gives up, as if it had been killed. It is an error if a running server does not answer, or
 * answers 503 while the database was running.
 */
export async function sendUntilAnswered(
  write: Write,
  home: KillableServer,
  scene: Scene,
  random: () => number,
): Promise<void> {
  const { ledger, servers, database } = scene;
  for (let server = home; ; server = servers[Math.floor(random() * servers.length)] as KillableServer) {
    const life = await server.life();
    const starts = database.starts();
    const answer = await send(write, life.address).catch((error: Error) => {
      if (!life.killed) throw new Error(`${write.mark} was not answered by a running server.`, { cause: error });
    });
    const databaseWasDown = answer?.status === 503 && database.kills() > starts;
    if (answer && !databaseWasDown) return ledger.end(write, outcome(write, answer), answer.body);
    write.lostAnswers += 1;
    if (random() < 0.05) return ledger.end(write, "given up");
    await database.running();
  }
}

function outcome({ mark, type }: Write, { status, body }: ServerAnswer): Write["outcome"] {
  if (status === 201 || status === 303) return "acknowledged";
  // the writers of one site run one after another, so that two never do the same at the same moment
  if ((status === 409 || status === 422) && !/at the same moment/.test(JSON.stringify(body))) return "refused";
  throw new Error(`${mark}, a ${type}, was answered ${status}: ${JSON.stringify(body).slice(0, 500)}`);
}

/** Sends a write once. Throws if the response is cut off. */
export async function send(write: Write, address: string): Promise<ServerAnswer> {
  const { credentials } = write.by;
  const path = `sites/${slug}/${pathOf(write)}`;
  const answer = await ("token" in credentials
    ? callApi(write, `${address}/api/v1/${path}`, credentials)
    : postForm(write, address, path, credentials));
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.includes("json");
  return { status: answer.status, body: isJson ? JSON.parse(text) : text };
}

function pathOf(write: Write): string {
  if (write.type === "deployment") return `environments/${write.to}/deployments`;
  if (write.type === "decision") return `promotions/${write.on}/approvals`;
  return "on" in write ? `promotions/${write.on}/${write.type}` : `${write.type}s`;
}

/** One connection for each request: a running server might close an idle one just when it is used again. */
const closeConnection = { connection: "close" };

function callApi({ mark, body }: Write, url: string, { token }: { token: string }): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": mark };
  return fetch(url, { method: "POST", headers: { ...closeConnection, ...headers }, body: JSON.stringify(body) });
}

function postForm({ body }: Write, address: string, path: string, { session }: { session: string }): Promise<Response> {
  const headers = { ...closeConnection, cookie: `sitebook=${session}`, origin: address };
  const form = new URLSearchParams(body as Record<string, string>);
  return fetch(`${address}/${path}`, { method: "POST", headers, body: form, redirect: "manual" });
}
