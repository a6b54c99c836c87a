import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "../database/connect.ts";
import { isOnServers, locate } from "../intake/addresses.ts";
import { NoResponse } from "../network/get.ts";
import { normalKey } from "../record/keys.ts";
import { isListed, type Visit } from "../sightings/queries.ts";
import { fetchFrom, type Reach } from "./fetch-page.ts";
import type { Robots } from "./robots.ts";
import { challenge, isChallenge, judgeStatus } from "./rules.ts";

/** The beginning is enough to know that it is there. */
const limits = { timeoutMs: 20_000, maxBytes: 1, cut: true };

interface Checking {
  reach: Reach;
  robots: Robots;
  atOnce: number;
  pauseMs: number;
  /** Asks hosts that are not of the environment. */
  elsewhere: (address: string) => Promise<string | undefined>;
  /** The time, by `performance.now()`, from which on nothing more is asked. */
  until: number;
  stopping: AbortSignal | undefined;
}

/**
 * Checks the next few addresses that pages of a server name, in their order, and saves which the server does not have. What
 * browsers load is requested; links on the environment, which may do something, are only known to be broken if the visit has
 * looked there. Returns the visit as it is then; undefined if none is left.
 */
export async function checkNextLinks(db: Database, visit: Visit, checking: Checking): Promise<Visit | undefined> {
  const links = await nextLinks(db, visit);
  if (!links.length) return;
  const { reach, atOnce, until, stopping } = checking;
  const seen = await missingPages(db, visit.server_id, links, reach.baseUrl);
  const problems = new Map<string, string | undefined>();
  const waiting = links.values();
  let taken = 0;
  const work = async () => {
    for (const { address, loaded } of waiting) {
      taken++;
      const page = pageAt(address, reach.baseUrl);
      const isSeen = page !== undefined && seen.has(page);
      const problem = isSeen ? (seen.get(page) ?? undefined) : await problemOf(checking, address, loaded === 1);
      if (problem !== "unknown") problems.set(address, problem);
      if (performance.now() > until) return;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  // what was broken off is checked by whoever goes on
  if (stopping?.aborted) return visit;
  const progress = { last_link: links[taken - 1]?.address ?? "", links: visit.links + taken };
  await saveProblems(db, visit, problems, progress);
  return { ...visit, ...progress };
}

const batchSize = 20;

const nextLinks = (db: Database, { server_id, last_link }: Visit) =>
  db
    .selectFrom("page_links")
    .select(["address", (eb) => eb.fn.max("loaded").as("loaded")])
    .where("server_id", "=", server_id)
    .where("address", ">", last_link)
    .groupBy("address")
    .orderBy("address")
    .limit(batchSize)
    .execute();

function pageAt(address: string, baseUrl: string): string | undefined {
  const located = locate(address, [baseUrl]);
  return located && "key" in located ? normalKey("page", located.key) : undefined;
}

/** The pages among these that the visit has looked at, with what is wrong with those that are missing. */
async function missingPages(db: Database, serverId: string, links: { address: string }[], baseUrl: string) {
  const paths = links.flatMap(({ address }) => pageAt(address, baseUrl) ?? []);
  if (!paths.length) return new Map<string, string | null>();
  const rows = await db
    .selectFrom("observed_pages as p")
    .innerJoin("observations as o", "o.id", "p.observation_id")
    .select(["p.path", "o.outcome", "o.reason"])
    .where("p.server_id", "=", serverId)
    .where("p.path", "in", paths)
    .where(isListed)
    .execute();
  return new Map(rows.map(({ path, outcome, reason }) => [path, outcome === "missing" ? reason : null]));
}

async function problemOf(
  { reach, robots, pauseMs, elsewhere }: Checking,
  address: string,
  isLoaded: boolean,
): Promise<string | undefined> {
  if (!isOnServers(new URL(address), reach.baseUrls)) return elsewhere(address);
  if (!isLoaded || !robots.allows(address)) return "unknown";
  const problem = await problemAt(reach, address);
  await sleep(pauseMs);
  return problem;
}

/** Why a server does not have an address; unknown if it does not answer or asks to wait, which says nothing about it. */
export async function problemAt(reach: Reach, address: string): Promise<string | undefined> {
  try {
    const fetched = await fetchFrom(reach, address, { limits });
    if ("leadsTo" in fetched) return;
    const { status, headers, body } = fetched.response;
    if (status === 429 || status === 503) return "unknown";
    const { outcome, reason } = isChallenge(headers, body) ? challenge : judgeStatus(status);
    return outcome === "missing" ? (reason ?? "It is missing.") : undefined;
  } catch (error) {
    if (!(error instanceof NoResponse)) throw error;
    return "unknown";
  }
}

async function saveProblems(
  db: Database,
  { id, server_id }: Visit,
  problems: Map<string, string | undefined>,
  progress: { last_link: string; links: number },
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.updateTable("visits").set(progress).where("id", "=", id).execute();
    const fine = [...problems].filter(([, problem]) => problem === undefined).map(([address]) => address);
    if (fine.length)
      await trx.deleteFrom("broken_links").where("server_id", "=", server_id).where("address", "in", fine).execute();
    for (const [address, problem] of problems)
      if (problem !== undefined)
        await trx
          .insertInto("broken_links")
          .values({ server_id, address, problem })
          .onConflict((conflict) => conflict.columns(["server_id", "address"]).doUpdateSet({ problem }))
          .execute();
  });
}
