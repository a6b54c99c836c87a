import { get, post } from "./load.ts";
import type { BenchWorld } from "./world.ts";

/** A request, compared with the same bytes from a bare Hono: from a Buffer, or as text. */
export interface Scenario {
  name: string;
  limit: "bytes" | "text";
  /** The aim, as a share of the limit's rate. */
  aim?: number;
  /** As fast as possible, or each time after a change on the page. */
  when: "repeatedly" | "after a write";
  request: (world: Pick<BenchWorld, "cookie" | "token">, i: number) => Buffer;
}

const past = "2023-03-03T14:00:00Z";
const busy = "/section-0000/page-000003";
const key = encodeURIComponent(busy);
const site = "/sites/bench";

const pages: [string, string, number?][] = [
  ["board, 100 rows", site, 0.3],
  ["board, differences", `${site}?differs=beta,demo`],
  ["board, a text", `${site}?text=page-0003`],
  ["environment, 1,000 lines", `${site}/environments/live?size=1000`, 0.3],
  ["environment as of a moment", `${site}/environments/live?as_of=${past}`],
  ["a page's history", `${site}/artifacts/page?key=${key}`],
  ["compare two moments", `${site}/compare?from=demo&to=live@${past}`],
  ["inbox", `${site}/approvals`],
  ["history", `${site}/history`],
];

const calls: [string, string, number][] = [
  ["as of a moment, 100 lines", `/api/v1${site}/environments/live/placements?as_of=${past}`, 0.3],
  ["one page's history, 50 lines", `/api/v1${site}/artifacts/page/history?limit=50&key=${key}`, 0.3],
];

export const scenarios: Scenario[] = [
  ...pages.map(([name, path, aim]) => page(name, path, "repeatedly", aim)),
  ...calls.map(([name, path, aim]): Scenario => {
    const request: Scenario["request"] = ({ token }) => get(path, { authorization: `Bearer ${token}` });
    return { name, limit: "text", aim, when: "repeatedly", request };
  }),
  page("board, after a write each", site, "after a write", 0.3),
  page("environment, after a write each", `${site}/environments/beta?size=1000`, "after a write", 0.3),
];

function page(name: string, path: string, when: Scenario["when"], aim?: number): Scenario {
  const request: Scenario["request"] = ({ cookie }, i) =>
    get(when === "repeatedly" ? `${path}${path.includes("?") ? "&" : "?"}unseen=${i}` : path, { cookie: cookie.ada });
  return { name, limit: "bytes", aim, when, request };
}

/** A deployment that changes the first page of the board. */
export const change = (world: Pick<BenchWorld, "token">): Buffer => deploymentRequest(world, 1, () => busy);

let count = 0;

const benchPage = (i: number) => `/bench-${String(Math.floor(i / 100)).padStart(3, "0")}/page-${i}`;

/** A deployment of this many pages, each with a new version. */
export function deploymentRequest(
  { token }: Pick<BenchWorld, "token">,
  lines: number,
  keyOf: (i: number) => string = benchPage,
): Buffer {
  count += 1;
  const placements = Array.from({ length: lines }, (_, i) => ({
    kind: "page",
    key: keyOf(i),
    version: `bench-${count}`,
  }));
  const headers = { authorization: `Bearer ${token}` };
  const path = `/api/v1${site}/environments/beta/deployments`;
  return post(path, JSON.stringify({ placements }), "application/json", headers);
}
