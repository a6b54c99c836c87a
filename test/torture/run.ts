// The long torture test, on both engines by default. It prints a table, and what was lost, if anything was; then it exits
// with 1. All random choices follow from the seed; only the order of simultaneous writes does not.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { folder } from "../support/folder.ts";
import { createDatabase, startServer } from "../support/postgres.ts";
import { torture } from "./torture.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "150" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
    engine: { type: "string", multiple: true, default: ["sqlite", "postgres"] },
  },
});
const seed = Number(values.seed);

interface Scene {
  name: string;
  engine: string;
  servers: 1 | 2;
  killsDatabase?: true;
}
const scenes: Scene[] = [
  { name: "SQLite", engine: "sqlite", servers: 1 },
  { name: "SQLite", engine: "sqlite", servers: 2 },
  { name: "PostgreSQL", engine: "postgres", servers: 1 },
  { name: "PostgreSQL", engine: "postgres", servers: 2 },
  { name: "PostgreSQL, killed too", engine: "postgres", servers: 2, killsDatabase: true },
];
const selected = scenes.filter(({ engine }) => values.engine.includes(engine));
const seconds = Number(values.seconds) / selected.length;
if (!Number.isFinite(seconds) || !Number.isInteger(seed)) {
  console.error("Give numbers for --seconds and --seed, and sqlite or postgres for --engine; both by default.");
  process.exit(2);
}
const heads = [
  "servers",
  "kills",
  "acknowledged",
  "repeated",
  "refused",
  "forced",
  "gone live",
  "due",
  "jobs",
  "again",
  "mails",
  "twice",
  "webhooks",
  "twice",
  "visits",
  "events",
  "verify",
  "loop held, ms",
];

await using dir = await folder();
const postgres = selected.some(({ engine }) => engine === "postgres") ? await startServer("--durable") : undefined;
try {
  console.log(`Seed ${seed}, ${Math.round(seconds)} s each.`);
  console.log(row("", heads));
  for (const [i, scene] of selected.entries()) if (!process.exitCode) await runScene(scene, `torture_${i}`);
  if (postgres && !process.exitCode) wholeHistory();
} finally {
  await postgres?.stop();
}

/** Runs one scene, and prints its line and the first problems, if there are any. */
async function runScene(scene: Scene, database: string): Promise<void> {
  const url = await emptyDatabase(scene, database);
  const end = Date.now() + seconds * 1000;
  const killDatabase = scene.killsDatabase && postgres?.kill;
  const result = await torture({ url, seed, servers: scene.servers, enough: () => Date.now() > end, killDatabase });
  const {
    kills,
    acknowledged,
    repeated,
    refused,
    forced,
    goneLive,
    due,
    jobs,
    repeatedJobs,
    mails,
    repeatedMails,
    deliveries,
    repeatedDeliveries,
    visits,
    events,
    held,
    wrong,
  } = result;
  const verify = result.verified ? "ok" : "broken";
  const answers = [acknowledged, repeated, refused];
  console.log(
    row(scene.name, [
      scene.servers,
      kills,
      ...answers,
      forced,
      goneLive,
      due,
      jobs,
      repeatedJobs,
      mails,
      repeatedMails,
      deliveries,
      repeatedDeliveries,
      visits,
      events,
      verify,
      held,
    ]),
  );
  if (!wrong.length) return;
  console.error([`With seed ${seed}:`, ...wrong.slice(0, 5)].join("\n"));
  if (wrong.length > 5) console.error(`And ${wrong.length - 5} more.`);
  process.exitCode = 1;
}

/** The years of deployments of which `npm test` puts only the last on PostgreSQL. */
function wholeHistory(): void {
  const env = { ...process.env, SITEBOOK_TEST_WHOLE_HISTORY: "yes" };
  const { status } = spawnSync("vitest", ["run", ".postgres/test/real-history"], { env, stdio: "inherit" });
  if (status) process.exitCode = 1;
}

async function emptyDatabase({ engine }: Scene, name: string): Promise<string> {
  if (engine === "sqlite" || !postgres) return `file:${dir.path}/${name}.db`;
  return (await createDatabase(postgres.url, name, "template0")).url;
}

function row(name: string, cells: (string | number)[]): string {
  return name.padEnd(24) + cells.map((cell, i) => String(cell).padStart((heads[i] as string).length + 2)).join("");
}
