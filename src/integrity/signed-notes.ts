// Signed notes as transparency logs write them: https://c2sp.org/signed-note, with checkpoints in them:
// https://c2sp.org/tlog-checkpoint. The third line is the head of a chain here, and not of a tree.
import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

const ed25519 = Buffer.from([1]);

/** What is needed to check a note: `name+id+base64`, the id in hex, the bytes with the algorithm before the public key. */
export function verifierKey(name: string, privateKey: KeyObject): string {
  const key = Buffer.concat([ed25519, publicBytes(privateKey)]);
  return `${name}+${keyId(name, key).toString("hex")}+${key.toString("base64")}`;
}

function publicBytes(privateKey: KeyObject): Buffer {
  return Buffer.from(createPublicKey(privateKey).export({ format: "jwk" }).x as string, "base64url");
}

/** The first 8 hex digits of the public key's SHA-256. */
export function fingerprint(privateKey: KeyObject): string {
  return createHash("sha256").update(publicBytes(privateKey)).digest("hex").slice(0, 8);
}

function keyId(name: string, key: Buffer): Buffer {
  return createHash("sha256").update(`${name}\n`).update(key).digest().subarray(0, 4);
}

/** Appends a signature line to the text, which must end with a newline. */
export function signNote(text: string, name: string, privateKey: KeyObject): string {
  const id = keyId(name, Buffer.concat([ed25519, publicBytes(privateKey)]));
  const signature = Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]);
  return `${text}\n— ${name} ${signature.toString("base64")}\n`;
}

/** Returns the text of a note, or undefined if this key did not sign it. */
export function openNote(note: string, vkey: string): string | undefined {
  const [, name = "", id = "", encoded = ""] = /^([^\s+]+)\+([0-9a-f]{8})\+([\w+/]+=*)$/.exec(vkey.trim()) ?? [];
  const key = Buffer.from(encoded, "base64");
  if (key.length !== 33 || key[0] !== 1 || keyId(name, key).toString("hex") !== id) return;
  const end = note.lastIndexOf("\n\n") + 1;
  const text = note.slice(0, end);
  const [line] = note
    .slice(end)
    .split("\n")
    .filter((one) => bytesOf(one, name)?.subarray(0, 4).toString("hex") === id);
  const x = key.subarray(1).toString("base64url");
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const signature = line && bytesOf(line, name)?.subarray(4);
  if (signature && verify(null, Buffer.from(text), publicKey, signature)) return text;
}

function bytesOf(line: string, name: string): Buffer | undefined {
  const start = `— ${name} `;
  return line.startsWith(start) ? Buffer.from(line.slice(start.length), "base64") : undefined;
}

export interface CheckpointStatement {
  /** The key's name and the site's slug: `sitebook-1f2e3d4c/shop`. */
  origin: string;
  events: number;
  head: string;
  at: string;
}

export function formatStatement({ origin, events, head, at }: CheckpointStatement): string {
  return `${origin}\n${events}\n${Buffer.from(head, "hex").toString("base64")}\ntime ${at}\n`;
}

export function readStatement(text: string): CheckpointStatement | undefined {
  const [, origin = "", events, hash = "", at = ""] =
    /^(\S+)\n([1-9]\d{0,14})\n([\w+/]{43}=)\ntime (\S+)\n$/.exec(text) ?? [];
  if (events) return { origin, events: Number(events), head: Buffer.from(hash, "base64").toString("hex"), at };
}
