import { slug } from "./cast.ts";
import type { KillableDatabase, KillableServer } from "./killable.ts";
import type { Ledger } from "./ledger.ts";
import type { Write } from "./writes.ts";

export interface ServerAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the JSON of the API; the text of a page is not used
  body: any;
}

export interface Scene {
  /** Of the database. */
  url: string;
  ledger: Ledger;
  servers: KillableServer[];
  database: KillableDatabase;
  /** On the servers' clock, ISO 8601 UTC. */
  now: () => string;
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
    // nobody could end a freeze of which nobody knows
    if (random() < 0.05 && write.type !== "freeze") return ledger.end(write, "given up");
    await database.running();
  }
}

function outcome({ mark, type }: Write, { status, body }: ServerAnswer): Write["outcome"] {
  if ([200, 201, 303].includes(status)) return "acknowledged";
  // whoever decides as a substitute may not know that the period has ended
  if (status === 403 && type === "decision") return "refused";
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

const onPromotion = {
  decision: "approvals",
  completion: "completion",
  cancellation: "cancellation",
  withdrawal: "withdrawal",
  tick: "checklist",
  comment: "comments",
  rollback: "rollback",
  "break-glass": "break-glass",
  review: "forced-review",
};

function pathOf(write: Write): string {
  if ("on" in write) return `promotions/${write.on}/${onPromotion[write.type]}`;
  if ("release" in write) return `releases/${write.release}/${write.type === "mark" ? "bad" : "bad/lift"}`;
  if ("freeze" in write) return `freezes/${write.freeze}/end`;
  return "to" in write
    ? `environments/${write.to}/${write.type === "gate" ? "gate" : "deployments"}`
    : `${write.type}s`;
}

/** One connection for each request: a running server might close an idle one just when it is used again. */
const closeConnection = { connection: "close" };

function callApi({ type, mark, body }: Write, url: string, { token }: { token: string }): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": mark };
  const method = type === "gate" ? "PUT" : "POST";
  return fetch(url, { method, headers: { ...closeConnection, ...headers }, body: JSON.stringify(body) });
}

function postForm(write: Write, address: string, path: string, { session }: { session: string }): Promise<Response> {
  const headers = { ...closeConnection, cookie: `sitebook=${session}`, origin: address };
  const form = new URLSearchParams(formOf(write));
  return fetch(`${address}/${path}`, { method: "POST", headers, body: form, redirect: "manual" });
}

/** The fields of the form for it; people approve without having reviewed the pages. */
function formOf(write: Write): Record<string, string> {
  if (write.type === "tick") return { line: write.body.line, ticked: write.body.ticked ? "1" : "" };
  const fields = { ...(write.body as Record<string, string>), key: write.mark };
  return write.type === "decision" ? { ...fields, anyway: "1" } : fields;
}
