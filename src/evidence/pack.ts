import { readFileSync } from "node:fs";
import { strToU8, Zip, ZipDeflate } from "fflate";
import { evidenceColumns, evidencePage } from "../../views/evidence.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { yieldToEventLoop } from "../database/event-loop.ts";
import { sha256 } from "../database/ids.ts";
import { byteOrderMark, csvLine } from "../exports/csv.ts";
import { type Checkpoint, publicKey, signChain } from "../integrity/checkpoints.ts";
import { chainEntry, walkChain } from "../record/chain.ts";
import type { Evidence } from "./evidence.ts";

const verifier = readFileSync(new URL("verify.mjs", import.meta.url), "utf8");

const readme = `Evidence from Sitebook. Start with index.html; its tables are also in contents.csv, approvals.csv and steps.csv.
events.jsonl is the site's whole history: each event's hash is the SHA-256 of the previous hash and the event.
checkpoint.txt signs that history with the key in public-key.txt. Get this key by another way, too, to compare.
To check the signature, the history, and that the tables follow from it, run "node verify.mjs" (it needs only Node).
To detect a history that was rewritten, add --key "the key as you know it", or --checkpoint FILE with one you kept earlier.
`;

/** The pack as a ZIP file, in chunks as they are written: first the small files, then the history of any length. */
export async function* packEvidence(
  db: Database,
  site: Site,
  evidence: Evidence,
  at: string,
): AsyncGenerator<Uint8Array> {
  const checkpoint = await signChain(db, site, at);
  const chunks: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    chunks.push(chunk);
  });
  const begin = (name: string) => {
    const file = new ZipDeflate(name);
    file.mtime = checkpoint.at;
    zip.add(file);
    return file;
  };
  for (const [name, text] of Object.entries(await filesOf(db, site, evidence, checkpoint)))
    begin(name).push(strToU8(text), true);
  yield* chunks.splice(0);
  const events = begin("events.jsonl");
  for await (const lines of linesOf(db, site, checkpoint.events)) {
    events.push(strToU8(lines));
    yield* chunks.splice(0);
    await yieldToEventLoop();
  }
  events.push(new Uint8Array(), true);
  zip.end();
  yield* chunks;
}

async function filesOf(db: Database, site: Site, evidence: Evidence, checkpoint: Checkpoint) {
  const files: Record<string, string> = {
    "README.txt": readme,
    "index.html": String(evidencePage({ site, ...evidence, checkpoint })),
    "contents.csv": table(evidenceColumns.contents(evidence.about), evidence.contents),
    "approvals.csv": table(evidenceColumns.approvals, evidence.approvals),
    "steps.csv": table(evidenceColumns.steps, evidence.steps),
    "checkpoint.txt": checkpoint.note,
    "public-key.txt": `${await publicKey(db, checkpoint.at)}\n`,
    "verify.mjs": verifier,
  };
  const hashes = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, sha256(text)]));
  return { ...files, "manifest.json": `${JSON.stringify({ about: evidence.about, files: hashes }, null, 2)}\n` };
}

const table = (names: readonly string[], rows: Evidence["contents"]) =>
  [byteOrderMark, csvLine(names), ...rows.map((row) => csvLine(names.map((name) => row[name])))].join("");

const chunkCharacters = 256 * 1024;

/** The history up to the checkpoint, one event a line, in chunks of at least `chunkCharacters`. */
async function* linesOf(db: Database, site: Site, last: number): AsyncGenerator<string> {
  let lines = "";
  for await (const row of walkChain(db, site.id)) {
    if (row.seq > last) break;
    const { previous_hash, hash } = row;
    lines += `${JSON.stringify({ entry: chainEntry(row), previous_hash, hash })}\n`;
    if (lines.length < chunkCharacters) continue;
    yield lines;
    lines = "";
  }
  yield lines;
}
