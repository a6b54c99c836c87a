import { slug } from "./cast.ts";
import type { Ledger, Write } from "./ledger.ts";
import type { Mortal, MortalDatabase } from "./mortal.ts";

export interface ServerAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what the API answers; of a page the words do not matter
  body: any;
}

export interface Scene {
  ledger: Ledger;
  servers: Mortal[];
  database: MortalDatabase;
  /** Nobody begins anything new. */
  over: boolean;
}

/**
 * Says it until it is answered: where the server died, to the same one once it lives again, or to the other. Now and
 * then the client dies, too, and nobody will know. That a server which lives does not answer is an error, and so is
 * 503 where the database was not away.
 */
export async function persist(write: Write, home: Mortal, scene: Scene, random: () => number): Promise<void> {
  const { ledger, servers, database } = scene;
  for (let server = home; ; server = servers[Math.floor(random() * servers.length)] as Mortal) {
    const life = await server.life();
    const births = database.births();
    const answer = await say(write, life.address).catch((error: Error) => {
      if (!life.killed) throw new Error(`${write.mark} was not answered by a server that lives.`, { cause: error });
    });
    const away = answer?.status === 503 && database.deaths() > births;
    if (answer && !away) return ledger.end(write, outcome(write, answer), answer.body);
    write.lost += 1;
    if (random() < 0.05) return ledger.end(write, "given up");
    await database.up();
  }
}

function outcome({ mark, deed }: Write, { status, body }: ServerAnswer): Write["outcome"] {
  if (status === 201 || status === 303) return "acknowledged";
  // writers of one site take turns, so that two never do the same
  if ((status === 409 || status === 422) && !/at the same moment/.test(JSON.stringify(body))) return "refused";
  throw new Error(`${mark}, a ${deed}, was answered ${status}: ${JSON.stringify(body).slice(0, 500)}`);
}

/** Once. An answer that breaks off is none. */
export async function say(write: Write, address: string): Promise<ServerAnswer> {
  const { by } = write.by;
  const place = `sites/${slug}/${placeOf(write)}`;
  const answer = await ("token" in by
    ? call(write, `${address}/api/v1/${place}`, by)
    : post(write, address, place, by));
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.includes("json");
  return { status: answer.status, body: isJson ? JSON.parse(text) : text };
}

function placeOf(write: Write): string {
  if (write.deed === "deployment") return `environments/${write.to}/deployments`;
  if (write.deed === "decision") return `promotions/${write.on}/approvals`;
  return "on" in write ? `promotions/${write.on}/${write.deed}` : `${write.deed}s`;
}

/** For one request: a connection that was kept might be closed by a server that lives just when it is used again. */
const alone = { connection: "close" };

function call({ mark, body }: Write, url: string, { token }: { token: string }): Promise<Response> {
  const about = { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": mark };
  return fetch(url, { method: "POST", headers: { ...alone, ...about }, body: JSON.stringify(body) });
}

function post({ body }: Write, address: string, place: string, { session }: { session: string }): Promise<Response> {
  const headers = { ...alone, cookie: `sitebook=${session}`, origin: address };
  const form = new URLSearchParams(body as Record<string, string>);
  return fetch(`${address}/${place}`, { method: "POST", headers, body: form, redirect: "manual" });
}
