import { setTimeout as sleep } from "node:timers/promises";
import { serversTest } from "../intake/addresses.ts";
import { NoResponse } from "../network/get.ts";
import { problemAt } from "./check-links.ts";
import type { Reach } from "./fetch-page.ts";
import { type Robots, readRobots } from "./robots.ts";

/** What came of asking a host about an address. */
interface Turn {
  /** Undefined: it cannot be read, so that nothing is asked. */
  robots: Robots | undefined;
  problem: string | undefined;
  /** How often in a row it did not answer, or asked to wait. */
  misses: number;
}

const maxMisses = 2;

/**
 * Returns what asks the hosts with these base URLs, as `problemAt` does: of each one address after another, with a pause, as its
 * robots.txt allows, and without credentials. A host that does not answer twice is left alone from then on.
 */
export function otherHosts(
  reach: Reach,
  baseUrls: string[],
  pauseMs: number,
): (address: string) => Promise<string | undefined> {
  const others: Reach = { ...reach, baseUrls, headers: {} };
  const isOnOthers = serversTest(baseUrls);
  const turns = new Map<string, Promise<Turn>>();
  const ask = async (before: Promise<Turn>, address: string): Promise<Turn> => {
    const { robots, misses } = await before;
    if (!robots?.allows(address) || misses === maxMisses) return { robots, problem: "unknown", misses };
    const problem = await problemAt(others, address);
    await sleep(Math.max(pauseMs, robots.pauseMs));
    return { robots, problem, misses: problem === "unknown" ? misses + 1 : 0 };
  };
  return async (address) => {
    const url = new URL(address);
    if (!isOnOthers(url)) return "unknown";
    const turn = ask(turns.get(url.origin) ?? firstTurn(others, url.origin), address);
    turns.set(url.origin, turn);
    return (await turn).problem;
  };
}

async function firstTurn(others: Reach, baseUrl: string): Promise<Turn> {
  const turn = { robots: undefined, problem: undefined, misses: 0 };
  try {
    return { ...turn, robots: await readRobots({ ...others, baseUrl }, true) };
  } catch (error) {
    if (!(error instanceof NoResponse)) throw error;
    return turn;
  }
}
