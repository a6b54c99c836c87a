import { atLeast, atMost, type Line, median } from "./aims.ts";
import type { BenchServer } from "./arena.ts";
import { busyPage, deploymentRequest } from "./deployments.ts";
import { get, loadOk, once } from "./load.ts";

interface Page {
  work: string;
  path: string;
  /** The size of the history on which it is measured, as `sizeName` names it. */
  size: "10⁵" | "10⁶";
  pages?: number;
  /** How often this is in the page: what is fast because it is empty or refused does not count. */
  shows: [count: number, what: RegExp];
  aimMs: number;
  /** Compressed. */
  aimKb?: number;
  /** Responses per second to 16 clients; from what a peer reaches with the same data. */
  aimRate?: number;
  /** Opened each time after a deployment has changed a page. */
  afterWrite?: boolean;
}

const past = "2023-03-03T14:00:00Z";
const site = "/sites/bench";

const rowHeads = /<th scope="row"/g;
// the peers' figures are of a list of 1,000 rows and of a list of revisions, with the same rows on this kind of machine
const directus = { list: 60, asOf: 71, revisions: 112 };

const pages: Page[] = [
  {
    work: "environment, 1,000 lines",
    path: `${site}/environments/live?size=1000`,
    size: "10⁵",
    shows: [1000, rowHeads],
    aimMs: 5,
    aimKb: 50,
    aimRate: 4 * directus.list,
  },
  {
    work: "board, a section of 98 pages, after a write",
    path: `${site}?section=section-0000`,
    size: "10⁵",
    shows: [98, rowHeads],
    aimMs: 1.5,
    aimKb: 16,
    afterWrite: true,
  },
  {
    work: "the same of 10,000 pages",
    path: `${site}?section=section-0000`,
    size: "10⁵",
    pages: 10_000,
    shows: [98, rowHeads],
    aimMs: 4,
    afterWrite: true,
  },
  {
    work: "as of a moment, 1,000 lines, 10⁶ placements",
    path: `${site}/environments/live?size=1000&as_of=${past}`,
    size: "10⁶",
    shows: [1000, rowHeads],
    aimMs: 6,
    aimKb: 50,
    aimRate: 2.5 * directus.asOf,
  },
  {
    work: "a page's life, 300 changes on each environment",
    path: `${site}/artifacts/page?key=${encodeURIComponent(busyPage)}`,
    size: "10⁵",
    shows: [50, rowHeads],
    aimMs: 3,
    aimRate: 3 * directus.revisions,
  },
  { work: "history, 50 lines", path: `${site}/history`, size: "10⁵", shows: [50, /<li id="entry-/g], aimMs: 1 },
  { work: "inbox", path: `${site}/approvals`, size: "10⁵", shows: [10, /<h3>/g], aimMs: 1 },
];

const rounds = 3;

/** Each page for one client that waits for each response, made afresh each time. */
export async function measurePages(servers: BenchServer[], log: (text: string) => void): Promise<Line[]> {
  const lines: Line[] = [];
  for (const page of pages) {
    const server = servers.find(
      (one) => one.pages === (page.pages ?? 1000) && one.placements === placements[page.size],
    );
    if (!server) continue;
    log(`Measuring: ${page.work} …`);
    const bytes = await compressedBytes(server, page);
    const ms = median(await inRounds(() => (page.afterWrite ? afterWrites(server, page) : oneByOne(server, page))));
    lines.push(atMost(page.work, page.aimMs, ms, "ms"));
    if (page.aimKb) lines.push(atMost(`${page.work}: bytes, compressed`, page.aimKb, bytes / 1000, "kB"));
    if (!page.aimRate) continue;
    const rates = await inRounds(
      async () => (await loadOk(server.url, requestOf(server, page), 200, { connections: 16 })).rate,
    );
    lines.push(atLeast(`${page.work}: responses to 16 clients`, page.aimRate, median(rates), "/s"));
  }
  return lines;
}

const placements = { "10⁵": 100_000, "10⁶": 1_000_000 };

async function inRounds(measure: () => Promise<number>): Promise<number[]> {
  await measure();
  const all: number[] = [];
  for (let i = 0; i < rounds; i++) all.push(await measure());
  return all;
}

let unseen = 0;

const requestOf =
  ({ cookie }: BenchServer, { path }: Page) =>
  () =>
    get(`${path}${path.includes("?") ? "&" : "?"}unseen=${unseen++}`, { cookie: cookie.ada });

const oneByOne = async (server: BenchServer, page: Page): Promise<number> =>
  median((await loadOk(server.url, requestOf(server, page), 200, { connections: 1, ms: 700 })).waits);

async function afterWrites(server: BenchServer, page: Page): Promise<number> {
  const waits: number[] = [];
  for (let i = 0; i < 20; i++) {
    await loadOk(server.url, once(deploymentRequest(server, 1, () => busyPage)), 201, { connections: 1 });
    waits.push(...(await loadOk(server.url, once(requestOf(server, page)()), 200, { connections: 1 })).waits);
  }
  return median(waits);
}

/** Throws if the page does not show what it should. */
async function compressedBytes(
  { url, cookie }: BenchServer,
  { work, path, shows: [count, what] }: Page,
): Promise<number> {
  const text = await (await fetch(url + path, { headers: { cookie: cookie.ada } })).text();
  const found = text.match(what)?.length ?? 0;
  if (found < count) throw new Error(`${work} shows ${found} in place of ${count}.`);
  const compressed = get(path, { cookie: cookie.ada, "accept-encoding": "gzip" });
  return (await loadOk(url, once(compressed), 200, { connections: 1 })).bytes;
}
