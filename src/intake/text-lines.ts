import { isUtf8 } from "node:buffer";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Refusal } from "../errors.ts";
import { formatCount } from "../text.ts";

export interface TextLine {
  /** From 1. */
  number: number;
  text: string;
  /** Why it cannot be read. */
  wrong?: string;
}

export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** The most that a gzipped file may have when it is unpacked: what the protocol of sitemaps allows. */
export const maxUnpackedBytes = 50 * 1024 * 1024;

/** Software of the 1990s still writes it, and Excel where it is asked for CSV. Never assumed, as any bytes could be it. */
export const windows1252 = "windows-1252";

/**
 * The lines of a text in UTF-8 or UTF-16, plain or gzipped. A line that is not UTF-8 is wrong, unless the reader agreed
 * to have all of it read as Windows-1252. Throws a Refusal with 422 if it is no text.
 */
export async function* textLines(bytes: Bytes, encoding?: typeof windows1252): AsyncGenerator<TextLine> {
  const legacy = encoding && new TextDecoder(encoding);
  let number = 0;
  for await (const line of splitAtLineFeeds(await asUtf8(await unpacked(bytes)))) {
    if (line.includes(0)) throw notText();
    const readable = legacy !== undefined || isUtf8(line);
    const text = legacy?.decode(line) ?? line.toString(readable ? "utf8" : "latin1");
    for (const part of text.replace(/\r$/, "").split("\r")) {
      number++;
      const whole = number === 1 ? part.replace(/^(\uFEFF|ï»¿)/, "") : part;
      yield readable ? { number, text: whole } : { number, text: whole, wrong: notUtf8 };
    }
  }
}

export const notUtf8 = "This is not UTF-8. It looks like Windows-1252.";

/** The lines of a text that is in memory. */
export function* linesOfText(text: string): Generator<TextLine> {
  let number = 0;
  for (const line of text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/)) yield { number: ++number, text: line };
}

const notText = () =>
  new Refusal(422, "This file is not text. Save it as CSV, TSV, JSON lines or a sitemap, in UTF-8.");

async function unpacked(bytes: Bytes): Promise<Bytes> {
  const { start, all } = await peek(bytes);
  if (start.subarray(0, 2).toString("latin1") === "PK") throw notText(); // a spreadsheet's own format
  return start[0] === 0x1f && start[1] === 0x8b ? gunzip(all) : all;
}

async function* gunzip(bytes: Bytes): AsyncGenerator<Uint8Array> {
  let length = 0;
  // the iteration below throws what goes wrong in it
  const unzip = pipeline(Readable.from(bytes), createGunzip(), () => undefined);
  try {
    for await (const chunk of unzip as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > maxUnpackedBytes) throw tooLarge();
      yield chunk;
    }
  } catch (error) {
    if (!/^(Z_|ERR_STREAM_PREMATURE)/.test((error as NodeJS.ErrnoException).code ?? "")) throw error;
    throw new Refusal(422, "This file cannot be unpacked: it is damaged, or was cut off.");
  }
}

export const tooLarge = () =>
  new Refusal(422, `This file has more than ${formatCount(maxUnpackedBytes / 1024 / 1024)} MB. Record it in parts.`);

/** UTF-16 is recognised by its mark, or by the zeros beside its first letters. */
async function asUtf8(bytes: Bytes): Promise<Bytes> {
  const { start, all } = await peek(bytes);
  const [a, b, c, d] = start;
  if ((a === 0xff && b === 0xfe) || (a && b === 0 && c && d === 0)) return fromUtf16(all, "utf-16le");
  if ((a === 0xfe && b === 0xff) || (a === 0 && b && c === 0 && d)) return fromUtf16(all, "utf-16be");
  return all;
}

async function* fromUtf16(bytes: Bytes, encoding: string): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decode = (chunk?: Uint8Array) => {
    try {
      return Buffer.from(decoder.decode(chunk, { stream: chunk !== undefined }));
    } catch {
      throw notText();
    }
  };
  for await (const chunk of bytes) yield decode(chunk);
  yield decode();
}

/** The first bytes, at least four if there are as many, and all of them again. */
async function peek(bytes: Bytes): Promise<{ start: Buffer; all: Bytes }> {
  const chunks = Symbol.asyncIterator in bytes ? bytes[Symbol.asyncIterator]() : bytes[Symbol.iterator]();
  let start = Buffer.alloc(0);
  while (start.length < 4) {
    const { value, done } = await chunks.next();
    if (done) break;
    start = Buffer.concat([start, value]);
  }
  const all = (async function* () {
    yield start;
    try {
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
    } finally {
      await chunks.return?.();
    }
  })();
  return { start, all };
}

async function* splitAtLineFeeds(bytes: Bytes): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = [];
  for await (const chunk of bytes) {
    let from = 0;
    for (let to = chunk.indexOf(10); to >= 0; to = chunk.indexOf(10, from)) {
      yield Buffer.concat([...parts, chunk.subarray(from, to)]);
      parts = [];
      from = to + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
  if (parts.length) yield Buffer.concat(parts);
}
