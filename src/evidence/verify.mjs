// Checks this evidence pack without Sitebook, and without anything but Node:
//   node verify.mjs [folder] [--key "the key as you know it from elsewhere"] [--checkpoint "a file that you kept earlier"]
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
let place = ""; // what is being checked
const fault = (sentence) => void faults.push(`${place}: ${sentence}`);
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

/** The text of a note, if this key signed it: with Ed25519 signatures, as transparency logs have them. */
function openNote(note, vkey) {
  const [, name, id, encoded] = /^(.+?)\+(.+?)\+(.+)$/.exec(vkey);
  const x = Buffer.from(encoded, "base64").subarray(1).toString("base64url");
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const end = note.lastIndexOf("\n\n") + 1;
  const signatures = note.slice(end).split(`\n\u2014 ${name} `).slice(1);
  const own = signatures.map((text) => Buffer.from(text, "base64")).filter((b) => b.toString("hex").startsWith(id));
  const text = Buffer.from(note.slice(0, end));
  const signed = own.some((signature) => verify(null, text, publicKey, signature.subarray(4)));
  return signed ? note.slice(0, end) : fault(`is not signed by the key ${vkey}`);
}

/** The statement of a checkpoint: how many events there are, and the hash of the last. */
function openCheckpoint(note, vkey) {
  const [, count, head] = openNote(note, vkey)?.split("\n") ?? [];
  return head && { count: Number(count), head: Buffer.from(head, "base64").toString("hex") };
}

/** Walks the chain of events from the first to the checkpoint. */
async function walkChain(checkpoint, kept) {
  let [count, head] = [0, ""];
  for await (const line of createInterface({ input: createReadStream(at("events.jsonl")) })) {
    count += 1;
    place = `events.jsonl, event ${count}`;
    const { entry, previous_hash, hash } = JSON.parse(line);
    if (entry.seq !== count) return fault(`is missing: event ${entry.seq} is in its place`);
    if (previous_hash !== head) return fault("does not follow the event before it");
    head = sha256(head + canonical(entry));
    if (hash !== head) return fault("was changed: it does not match its hash");
    if (kept?.count === count && kept.head !== head) return fault("is not what the kept checkpoint signs");
    collect(entry);
  }
  if (count < (kept?.count ?? 0)) return fault("is the last event; the kept checkpoint signs more");
  place = "checkpoint.txt";
  if (count !== checkpoint.count) return fault(`signs ${checkpoint.count} events; events.jsonl has ${count}`);
  return head === checkpoint.head || fault("signs a different history than that in events.jsonl");
}

/** Walks the events of a pack that has only some: they are those that the extract signs, in its order. */
async function walkExtract(checkpoint, key) {
  const [, end, ...signed] = openNote(read("extract.txt"), key)?.trimEnd().split("\n") ?? [];
  if (end !== `${checkpoint.count} ${checkpoint.head}`) return fault("is not about the history of checkpoint.txt");
  let [count, last] = [0, {}];
  for await (const line of createInterface({ input: createReadStream(at("events.jsonl")) })) {
    count += 1;
    place = `events.jsonl, line ${count}`;
    const { entry, previous_hash, hash } = JSON.parse(line);
    if (signed[count - 1] !== `${entry.seq} ${hash}`) return fault("is not the event that extract.txt signs");
    if (hash !== sha256(previous_hash + canonical(entry))) return fault("was changed: it does not match its hash");
    if (entry.seq === last.seq + 1 && previous_hash !== last.hash) return fault("does not follow the event before it");
    last = { seq: entry.seq, hash };
    collect(entry);
  }
  place = "extract.txt";
  return count === signed.length || fault(`signs ${signed.length} events; events.jsonl has ${count}`);
}

const { about, files } = JSON.parse(read("manifest.json"));
const [events, placements, redundant, corrected, names, gates] = [[], [], new Set(), new Map(), new Map(), new Map()];
const environmentNames = new Map();
const [pageTitles, lastTitles, titles] = [new Map(), new Map(), new Map()];

/** Collects the titles of versions. Older events do not name the version of a title: there it is the one in the event. */
function collectTitles({ learned = {}, placements: own = [], confirmations: same = [] }) {
  const { artifacts = [], titles: changed = [], versions = [], contents = [] } = learned;
  const older = [...artifacts, ...changed.filter((line) => line.version === undefined)];
  for (const line of [...older, ...changed]) pageTitles.set(name(line), line.title);
  for (const line of [...versions, ...contents]) if (line.title) titles.set(versionName(line), line.title);
  const named = new Map(older.filter((line) => line.title).map((line) => [name(line), line.title]));
  for (const line of [...own, ...same].filter((line) => line.version && named.has(name(line)))) {
    titles.set(versionName(line), named.get(name(line)));
    lastTitles.set(name(line), named.get(name(line)));
  }
  for (const line of versions.filter((line) => line.title === undefined && !titles.has(versionName(line))))
    if (pageTitles.get(name(line))) titles.set(versionName(line), pageTitles.get(name(line)));
}
const titleOf = (line) => line.version && (titles.get(versionName(line)) ?? lastTitles.get(name(line)));
const versionName = (line) => `${name(line)} ${line.version}`;

/** The comment of an event, with those on single pages of a rejection, one on each line. */
function commentIn({ comment, pages = [] }) {
  const lines = [comment, ...pages.map((page) => `${page.key}: ${page.comment}`)].filter(Boolean);
  return lines.length ? lines.join("\n") : undefined;
}

/** Collects what the tables may need of an event. */
function collect({ seq: event, action, subject, subject_id: id, person_id, environment_id, recorded_at, details }) {
  collectTitles(details);
  if (event > about.events) return;
  if (action === "environment_added") environmentNames.set(environment_id, details.name ?? details.environment);
  if (action === "environment_changed" && details.name) environmentNames.set(environment_id, details.name);
  if (recorded_at > about.known_at) return;
  const { placements: own = [], returned = [], repeated = [], confirmations: _, learned, ...facts } = details;
  if (action !== "release_made" || facts.number !== about.release) delete facts.contents;
  const [what, said] = [
    action.replaceAll("_", " "),
    commentIn(facts) ?? facts.reason ?? facts.note ?? facts.freeze_override,
  ];
  const person = facts.for ? `${facts.person} for ${facts.for}` : facts.person;
  const [who, where] = [
    { person, person_id },
    { environment_id, environment_name: environmentNames.get(environment_id) },
  ];
  events.push(withLocalTimes({ ...facts, event, what, subject, id, recorded_at, said, ...who, ...where }));
  if (facts.gate) gates.set(facts.gate.id, facts.gate);
  for (const { id, ...artifact } of learned?.artifacts ?? []) names.set(id, name(artifact));
  if (environment_id !== about.environment_id) return;
  const { effective_at, corrected_id, corrections = [], stands } = facts;
  for (const line of [...own, ...returned]) placements.push({ deployment_id: id, effective_at, ...line });
  for (const { seq } of repeated) redundant.add(seq);
  for (const { artifact_id } of corrections) corrected.set(corrected_id + names.get(artifact_id), !stands);
}

const name = ({ kind, key }) => `${kind} ${key}`;
const yes = (flag) => (flag ? "yes" : "no");
const byName = (a, b) => Buffer.compare(Buffer.from(name(a)), Buffer.from(name(b)));
const byTime = (a, b) => (a.effective_at === b.effective_at ? a.seq - b.seq : a.effective_at < b.effective_at ? -1 : 1);

/** The last effective placement of each page and software, of those before another or at a moment. */
function lastPlacements(end) {
  const isEffective = (row) => !redundant.has(row.seq) && !corrected.get(row.deployment_id + name(row));
  const effective = placements.filter((row) => byTime(row, end) < 0 && isEffective(row));
  return new Map(effective.sort(byTime).map((row) => [name(row), row]));
}

/** The environment's contents at the moment. */
function contentsAsOf() {
  const last = lastPlacements({ effective_at: about.as_of, seq: Infinity });
  const first = new Map(events.toReversed().map((row) => [row.id, row]));
  return [...last.values()].map((row) => {
    const { number: deployment, recorded_at, baseline } = first.get(row.deployment_id);
    const { number: promotion } = first.get(row.promotion_id) ?? {};
    const flags = { out_of_band: yes(row.out_of_band), baseline: yes(baseline) };
    return withLocalTimes({ ...row, title: titleOf(row), deployment, recorded_at, promotion, ...flags });
  });
}

/** The release's contents, and what they replaced: what was there before its completion, at its other end, or is now. */
function contentsOfRelease(own) {
  const ends = /^promotion (completed|rejected|cancelled|superseded)$/;
  const end = own.find((row) => row.number === about.promotion && ends.test(row.what));
  const deployment = end?.deployment_id && events.find((row) => row.id === end.deployment_id);
  const ids = placements.filter((row) => row.deployment_id === deployment?.id).map((row) => row.seq);
  const at = deployment ? deployment.effective_at : (end?.recorded_at ?? "9999");
  const last = lastPlacements({ effective_at: at, seq: Math.min(...ids) });
  return events
    .find((row) => row.contents)
    .contents.map((row) => {
      const [version, before] = [row.version, last.get(name(row))?.version];
      const change = version === null ? "removed" : !before ? "new" : version === before ? "same" : "changed";
      const title = titleOf({ ...row, version: version ?? before });
      return { ...row, title, change, version: version ?? "removed", replaced: before };
    });
}

const gateOf = ({ event, number: promotion, environment, environment_name, environment_now, gate_id }) => {
  const { version, requirements = [], asker_may_approve, id: _, ...others } = gates.get(gate_id) ?? {};
  const required = requirements.map(({ role, count }) => `${count} ${role}`).join(", ") || "none";
  const where = { environment, environment_name, environment_now };
  const asker = { requester_may_approve: yes(asker_may_approve), other_rules: otherRules(others) };
  return { event, promotion, ...where, gate: version, required, ...asker };
};

/** The rules of a gate that have no column of their own: "soak hours: 24". */
const otherRules = (others) => {
  const text = (value) => (typeof value === "boolean" ? yes(value) : [value].flat().join(", "));
  const words = Object.entries(others).map(([rule, value]) => `${rule.replaceAll("_", " ")}: ${text(value)}`);
  return words.sort().join("; ") || "none";
};

/** Adds the time in the site's time zone to each time in UTC: 2026-07-08 15:30:00 +01:00. */
function withLocalTimes(row) {
  const times = Object.keys(row).filter((column) => column.endsWith("_at") && row[column]);
  return { ...row, ...Object.fromEntries(times.map((column) => [localOf(column), localTime(row[column])])) };
}
const localOf = (column) => column.replace(/_at$/, "_local");
const localTime = (iso) => {
  const parts = zoned.formatToParts(new Date(iso)).map(({ type, value }) => [type, value]);
  const { year, month, day, hour, minute, second, timeZoneName: zone } = Object.fromEntries(parts);
  return `${year}-${month}-${day} ${hour}:${minute}:${second} ${zone.slice(3) || "+00:00"}`;
};

/** What its environment is called now, if that differs. */
function withNameOfNow(row) {
  const now = environmentNames.get(row.environment_id);
  return { ...row, environment_now: now === row.environment_name ? undefined : now };
}

/** The tables, as they follow from the events alone. */
function deriveTables() {
  const release = events.find((row) => row.subject === `promotion ${about.promotion}` && row.release_id)?.release_id;
  const asked = events.filter((row) => release && row.release_id === release && row.number <= about.promotion);
  // the approvals of a take-down are those of the promotion that it takes down
  const takenDown = asked.filter((row) => row.takes_down).map((row) => `promotion ${row.rollback_of}`);
  const own = events.filter((row) => takenDown.includes(row.subject) || asked.some(({ id }) => id === row.id));
  const contents = (release ? contentsOfRelease(own) : contentsAsOf().filter((row) => row.version !== null)).sort(
    byName,
  );
  const rows = [...own, ...contents];
  const ids = new Set(
    rows.flatMap((r) => [r.id, r.release_id, r.take_down_release_id, r.promotion_id, r.deployment_id]).filter(Boolean),
  );
  const steps = events.filter((row) => ids.has(row.id) || ids.has(row.corrected_id)).map(withNameOfNow);
  const withdrawnAt = (row) => steps.find((step) => step.approval_id === row.id)?.withdrawn_at;
  const approvals = steps
    .filter((row) => row.decision)
    .map((row) => ({ ...row, promotion: row.number, withdrawn_at: withdrawnAt(row) }));
  return { contents, gates: steps.filter((row) => row.what === "promotion asked").map(gateOf), approvals, steps };
}

/** Compares a file with the lines that it should have. */
function compare(file, text, lines) {
  let from = 0;
  for (const [i, line] of [...lines, "\0"].entries()) {
    place = `${file}, row ${i + 1}`;
    if (!`${text}\0`.startsWith(line, from)) return fault(`the events give ${line.replace("\0", "no such row")}`);
    from += line.length;
  }
}

const cell = (value) => {
  const text = typeof value === "string" && /^[=+\-@\t\r＝＋－＠]/.test(value) ? `'${value}` : String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
const [numeric, digits] = ["numeric", "2-digit"];
const clock = { year: numeric, month: digits, day: digits, hour: digits, minute: digits, second: digits };
const zoned = new Intl.DateTimeFormat("en", {
  ...clock,
  timeZone: about.zone,
  hourCycle: "h23",
  timeZoneName: "longOffset",
});
const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const csv = (row) => `${row.map(cell).join(",")}\r\n`;
const tr = (row) => `<tr>${row.map(td).join("")}</tr>\n`;
const td = (value) => `<td>${String(value ?? "").replace(/[&<>"']/g, (character) => entities[character])}</td>`;

try {
  const key = read("public-key.txt").trim();
  if (given.key && given.key.trim() !== key) fault("is not the key given with --key");
  const checkpoint = openCheckpoint(read("checkpoint.txt"), key);
  const kept = given.checkpoint && openCheckpoint(read(resolve(given.checkpoint)), key);
  if (kept && about.extract) fault("can be compared only with a pack that has the whole history");
  const walk = about.extract ? walkExtract : walkChain;
  const tables =
    checkpoint && (await walk(checkpoint, about.extract ? key : kept)) ? Object.entries(deriveTables()) : [];
  const bodies = read("index.html").split(/<tbody>\n|<\/tbody>/);
  for (const [i, [table, rows]] of tables.entries()) {
    const [head, ...lines] = read(`${table}.csv`).split(/(?<=\r\n)/);
    const columns = head.trim().split(",");
    const cells = rows.map((row) => columns.map((column) => row[column]));
    compare(`${table}.csv`, lines.join(""), cells.map(csv));
    const shown = columns.filter((column) => !column.endsWith("_local"));
    const both = (row, column) =>
      column.endsWith("_at") && row[column] ? `${row[column]}\n${row[localOf(column)]}` : row[column];
    compare(
      `index.html, ${table}`,
      bodies[2 * i + 1],
      rows.map((row) => tr(shown.map((column) => both(row, column)))),
    );
  }
  for (const file in files) if (sha256(read(file)) !== files[file]) fault("does not match its hash in manifest.json");
} catch (error) {
  fault(`cannot be read: ${error.message}`);
}
console.log(faults.join("\n") || `OK: everything here about ${JSON.stringify(about)} follows from the events.`);
process.exitCode = faults.length ? 1 : 0;
