import { createHmac, timingSafeEqual } from "node:crypto";

const stepSeconds = 30;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The step of RFC 6238 that a time in ISO 8601 belongs to. */
export const stepAt = (at: string): number => Math.floor(Date.parse(at) / 1000 / stepSeconds);

/** The six digits of RFC 6238 with SHA-1, which is what all authenticator apps support. */
export function codeOf(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", secret).update(counter).digest();
  const offset = (mac.at(-1) as number) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** The step that a code belongs to: the current one, or one before or after it, for clocks that differ. */
export function matchingStep(secret: Uint8Array, code: string, at: string): number | undefined {
  const now = stepAt(at);
  return [now, now - 1, now + 1].find((step) => timingSafeEqual(Buffer.from(codeOf(secret, step)), Buffer.from(code)));
}

/** In base32 of RFC 4648 without padding, as apps take it. */
export function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? []).map((five) => alphabet[Number.parseInt(five.padEnd(5, "0"), 2)]).join("");
}

/** The link that adds a secret to an authenticator app. */
export const otpauthLink = (secret: string, email: string): string =>
  `otpauth://totp/Sitebook:${encodeURIComponent(email)}?secret=${secret}&issuer=Sitebook`;
