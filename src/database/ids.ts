import { createHash, randomBytes, randomFillSync } from "node:crypto";

// Random bytes are drawn in blocks: an import creates thousands of ids, and a draw costs much more than an id.
const pool = Buffer.alloc(4096);
let used = pool.length;

function sixteenRandomBytes(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 16;
  return pool.subarray(used - 16, used);
}

/** A UUIDv7 (RFC 9562): the first 48 bits are milliseconds, so that later ids sort later and fill indexes in order. */
export function newId(at: number = Date.now()): string {
  const bytes = sixteenRandomBytes();
  bytes.writeUIntBE(at, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A secret to hand out once (256 bits, URL-safe). Only its `sha256` is stored. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
