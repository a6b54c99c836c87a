import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";

const cipher = "aes-256-gcm";
const ivLength = 12;
const tagLength = 16;

const keyFrom = (secret: string) => Buffer.from(hkdfSync("sha256", secret, "", "sealed", 32));

/** Compresses and encrypts a text (AES-256-GCM), as base64. `context` is not part of it, but is needed to open it. */
export function seal(text: string, secret: string, context: string): string {
  const iv = randomBytes(ivLength);
  const sealing = createCipheriv(cipher, keyFrom(secret), iv).setAAD(Buffer.from(context));
  const content = sealing.update(deflateRawSync(text, { level: 1 }));
  return Buffer.concat([iv, content, sealing.final(), sealing.getAuthTag()]).toString("base64");
}

/** The text; undefined if it was sealed with another secret or context, or changed. */
export function unseal(sealed: string, secret: string, context: string): string | undefined {
  const bytes = Buffer.from(sealed, "base64");
  if (bytes.length < ivLength + tagLength) return;
  const opening = createDecipheriv(cipher, keyFrom(secret), bytes.subarray(0, ivLength))
    .setAAD(Buffer.from(context))
    .setAuthTag(bytes.subarray(-tagLength));
  try {
    return String(
      inflateRawSync(Buffer.concat([opening.update(bytes.subarray(ivLength, -tagLength)), opening.final()])),
    );
  } catch {
    return;
  }
}
