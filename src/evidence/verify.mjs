// Checks this evidence pack without Sitebook, and without anything but Node:
//   node verify.mjs [folder] [--key "the key as you had it from elsewhere"] [--checkpoint "a file kept from before"]
import { createHash, createPublicKey, verify } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const options = { key: { type: "string" }, checkpoint: { type: "string" } };
const { values: given, positionals } = parseArgs({ options, allowPositionals: true });
const at = (file) => resolve(positionals[0] ?? import.meta.dirname, file);
const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const faults = [];
let place = ""; // what is being looked at
const fault = (what) => void faults.push(`${place}: ${what}`);
const read = (file) => {
  place = file;
  return readFileSync(at(file), "utf8");
};

/** RFC 8785: members sorted, no white space, numbers and strings as ECMAScript writes them. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

/** What a checkpoint says, if this key signed it: a note with Ed25519 signatures, as transparency logs have them. */
function opened(note, vkey) {
  const [, name, id, encoded] = /^(.+?)\+(.+?)\+(.+)$/.exec(vkey);
  const x = Buffer.from(encoded, "base64").subarray(1).toString("base64url");
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const end = note.lastIndexOf("\n\n") + 1;
  const signatures = note.slice(end).split(`\n\u2014 ${name} `).slice(1);
  const made = signatures.map((one) => Buffer.from(one, "base64")).filter((one) => one.toString("hex").startsWith(id));
  const text = Buffer.from(note.slice(0, end));
  if (!made.some((one) => verify(null, text, publicKey, one.subarray(4))))
    return fault(`is not signed by the key ${vkey}`);
  const [, count, head] = note.split("\n");
  return { count: Number(count), head: Buffer.from(head, "base64").toString("hex") };
}

/** Walks the chain from the first event to the checkpoint. */
async function walk(checkpoint, kept) {
  let [count, head] = [0, ""];
  for await (const line of createInterface({ input: createReadStream(at("events.jsonl")) })) {
    count += 1;
    place = `events.jsonl, event ${count}`;
    const { entry, previous_hash, hash } = JSON.parse(line);
    if (entry.seq !== count) return fault(`is missing: event ${entry.seq} stands there`);
    if (previous_hash !== head) return fault("does not follow the event before it");
    head = sha256(head + canonical(entry));
    if (hash !== head) return fault("was changed: it does not give its hash");
    if (kept?.count === count && kept.head !== head) return fault("is not what the kept checkpoint was signed for");
    take(entry);
  }
  if (count < (kept?.count ?? 0)) return fault("is the last one; the kept checkpoint was signed for more");
  place = "checkpoint.txt";
  if (count !== checkpoint.count) return fault(`was signed for ${checkpoint.count} events; events.jsonl has ${count}`);
  return head === checkpoint.head || fault("was signed for another history than that of events.jsonl");
}

const { about, files } = JSON.parse(read("manifest.json"));
const [events, placements, gone, wrong, names] = [[], [], new Set(), new Map(), new Map()];

/** Keeps of an event what a pack may speak of. */
function take({ seq: event, action, subject, subject_id: id, environment_id, recorded_at, details }) {
  if (recorded_at > about.known_at || event > about.events) return;
  const { placements: put = [], returned = [], repeated = [], confirmations: _, learned, ...one } = details;
  if (action !== "release_made" || one.number !== about.release) delete one.contents;
  const [what, said] = [action.replaceAll("_", " "), one.comment ?? one.reason ?? one.note];
  events.push({ ...one, event, what, subject, id, recorded_at, said });
  for (const { id, ...artifact } of learned?.artifacts ?? []) names.set(id, name(artifact));
  if (environment_id !== about.environment_id) return;
  const here = { deployment_id: id, effective_at: one.effective_at };
  for (const line of [...put, ...returned]) placements.push({ ...here, ...line });
  for (const { seq } of repeated) gone.add(seq);
  for (const part of one.corrections ?? []) wrong.set(one.corrected_id + names.get(part.artifact_id), !one.stands);
}

const name = (one) => `${one.kind} ${one.key}`;
const byName = (a, b) => Buffer.compare(Buffer.from(name(a)), Buffer.from(name(b)));
const byTime = (a, b) => (a.effective_at === b.effective_at ? a.seq - b.seq : a.effective_at < b.effective_at ? -1 : 1);

/** What stood there: of each page and software the last placement that counts. */
function standing() {
  const counts = (one) => !gone.has(one.seq) && !wrong.get(one.deployment_id + name(one));
  const counting = placements.filter((one) => one.effective_at <= about.as_of && counts(one));
  const last = new Map(counting.sort(byTime).map((one) => [name(one), one]));
  const first = new Map(events.toReversed().map((one) => [one.id, one]));
  return [...last.values()].map((one) => {
    const { number: deployment, recorded_at } = first.get(one.deployment_id);
    const { number: promotion } = first.get(one.promotion_id) ?? {};
    return { ...one, deployment, recorded_at, promotion, out_of_band: one.out_of_band ? "yes" : "no" };
  });
}

/** What the pack has to say, by the events alone. */
function derived() {
  const mine = events.filter((one) => one.subject === `promotion ${about.promotion}`);
  const lines = about.promotion ? events.find((one) => one.contents).contents : standing();
  const contents = lines.filter((one) => about.promotion || one.version !== null).sort(byName);
  const rows = [...mine, ...contents];
  const ids = new Set(rows.flatMap((r) => [r.id, r.release_id, r.promotion_id, r.deployment_id]).filter(Boolean));
  const steps = events.filter((one) => ids.has(one.id) || ids.has(one.corrected_id));
  const approvals = steps.filter((one) => one.decision).map((one) => ({ ...one, promotion: one.number }));
  return { contents, approvals, steps };
}

/** Holds the lines of a file against what they have to be. */
function hold(file, text, lines) {
  let from = 0;
  for (const [i, line] of [...lines, "\0"].entries()) {
    place = `${file}, row ${i + 1}`;
    if (!`${text}\0`.startsWith(line, from)) return fault(`by the events it is ${line.replace("\0", "not there")}`);
    from += line.length;
  }
}

const cell = (value) => {
  const text = typeof value === "string" && /^[=+\-@\t\r＝＋－＠]/.test(value) ? `'${value}` : String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const csv = (row) => `${row.map(cell).join(",")}\r\n`;
const tr = (row) => `<tr>${row.map(td).join("")}</tr>\n`;
const td = (value) => `<td>${String(value ?? "").replace(/[&<>"']/g, (one) => entities[one])}</td>`;

try {
  const key = read("public-key.txt").trim();
  if (given.key && given.key.trim() !== key) fault("is not the key that was given");
  const checkpoint = opened(read("checkpoint.txt"), key);
  const kept = given.checkpoint && opened(read(resolve(given.checkpoint)), key);
  const tables = checkpoint && (await walk(checkpoint, kept)) ? Object.entries(derived()) : [];
  const bodies = read("index.html").split(/<tbody>\n|<\/tbody>/);
  for (const [i, [table, rows]] of tables.entries()) {
    const [head, ...lines] = read(`${table}.csv`).split(/(?<=\r\n)/);
    const columns = head.trim().split(",");
    const cells = rows.map((row) => columns.map((column) => row[column]));
    hold(`${table}.csv`, lines.join(""), cells.map(csv));
    hold(`index.html, ${table}`, bodies[2 * i + 1], cells.map(tr));
  }
  for (const file in files) if (sha256(read(file)) !== files[file]) fault("is not as manifest.json lists it");
} catch (error) {
  fault(`cannot be read: ${error.message}`);
}
console.log(faults.join("\n") || `Right: what is said of ${JSON.stringify(about)} follows from the events.`);
process.exitCode = faults.length ? 1 : 0;
