import { readFileSync } from "node:fs";
import { strToU8, Zip, ZipDeflate } from "fflate";
import { evidenceColumns, evidencePage } from "../../views/evidence.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { yieldToEventLoop } from "../database/event-loop.ts";
import { sha256 } from "../database/ids.ts";
import { byteOrderMark, csvLine } from "../exports/csv.ts";
import { type Checkpoint, publicKey, signChain, signText } from "../integrity/checkpoints.ts";
import { type ChainEntry, chainEntry, type EventRow, walkChain } from "../record/chain.ts";
import type { Evidence, EvidenceSubject } from "./evidence.ts";
import { concerns, extractText } from "./extract.ts";

const verifier = readFileSync(new URL("verify.mjs", import.meta.url), "utf8");

const readme = ({
  extract,
}: EvidenceSubject) => `Evidence from Sitebook. Start with index.html; its tables are also in CSV files of their names.
events.jsonl ${extract ? "has the events of the site's history that concern it" : "is the site's whole history"}: each event's hash is the SHA-256 of the previous hash and the event.
checkpoint.txt signs the whole history with the key in public-key.txt. Get this key by another way, too, to compare.
${extract ? "extract.txt signs which events of that history are in events.jsonl. A pack with the whole history proves more: that nothing is missing.\n" : ""}To check the signatures, the events, and that the tables follow from them, run "node verify.mjs" (it needs only Node).
Add --key "the key as you know it" to compare the key${extract ? "" : "; --checkpoint FILE with one you kept earlier, to detect a history that was rewritten"}.
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
    const file = new ZipDeflate(name, { mem: 4 }); // tables of 4 MB a file, the default, take longer than the packing
    file.mtime = checkpoint.at;
    zip.add(file);
    return file;
  };
  for (const [name, text] of Object.entries(await filesOf(db, site, evidence, checkpoint)))
    begin(name).push(strToU8(text), true);
  yield* chunks.splice(0);
  const events = begin("events.jsonl");
  const { extract } = evidence.about;
  const packed: PackedEvent[] = [];
  const included = extract ? concerns(evidence) : () => true;
  for await (const lines of linesOf(db, site, checkpoint.events, included, packed)) {
    events.push(strToU8(lines));
    yield* chunks.splice(0);
    await yieldToEventLoop();
  }
  events.push(new Uint8Array(), true);
  if (extract) {
    const note = await signText(db, at, (key) => extractText(`${key}/${site.slug}`, checkpoint, packed));
    begin("extract.txt").push(strToU8(note), true);
  }
  zip.end();
  yield* chunks;
}

async function filesOf(db: Database, site: Site, evidence: Evidence, checkpoint: Checkpoint) {
  const files: Record<string, string> = {
    "README.txt": readme(evidence.about),
    "index.html": String(evidencePage({ site, ...evidence, checkpoint })),
    "contents.csv": table(evidenceColumns.contents(evidence.about), evidence.contents),
    "gates.csv": table(evidenceColumns.gates, evidence.gates),
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

type PackedEvent = Pick<EventRow, "seq" | "hash">;

/**
 * The included events up to the checkpoint, one a line, in chunks of at least `chunkCharacters`. Adds them to `packed`.
 */
async function* linesOf(
  db: Database,
  site: Site,
  last: number,
  included: (entry: ChainEntry) => boolean,
  packed: PackedEvent[],
): AsyncGenerator<string> {
  let lines = "";
  for await (const row of walkChain(db, site.id)) {
    if (row.seq > last) break;
    const { seq, previous_hash, hash } = row;
    const entry = chainEntry(row);
    if (!included(entry)) continue;
    packed.push({ seq, hash });
    lines += `${JSON.stringify({ entry, previous_hash, hash })}\n`;
    if (lines.length < chunkCharacters) continue;
    yield lines;
    lines = "";
  }
  yield lines;
}
