import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** What OWASP asks of argon2id at least: 19 MiB, two passes. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 };

const derive = promisify((parameters: Argon2Parameters, done: (error: Error | null, key: Buffer) => void) =>
  argon2("argon2id", parameters, done),
);

/** One way of typing a letter with an accent is as good as the other. */
const bytes = (password: string) => Buffer.from(password.normalize("NFC"));
const base64 = (buffer: Buffer) => buffer.toString("base64").replace(/=+$/, "");

/** An argon2id hash in PHC form, which names its own cost, so that old ones stay good when the cost rises. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const key = await derive({ message: bytes(password), nonce, tagLength: 32, ...cost });
  return phc(cost, nonce, key);
}

function phc({ memory, passes, parallelism }: typeof cost, nonce: Buffer, key: Buffer): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(nonce)}$${base64(key)}`;
}

/** What nobody's password hashes to: where there is no account it takes just as long to say no. */
const nobody = phc(cost, Buffer.alloc(16), Buffer.alloc(32));

export async function matchesPassword(password: string, stored: string | null | undefined): Promise<boolean> {
  const [, memory, passes, parallelism, salt, hash] =
    /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(stored ?? nobody) ?? [];
  if (!salt || !hash) throw new Error("A stored password is no argon2id hash in PHC form.");
  const expected = Buffer.from(hash, "base64");
  const key = await derive({
    message: bytes(password),
    nonce: Buffer.from(salt, "base64"),
    tagLength: expected.length,
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  });
  return timingSafeEqual(key, expected) && Boolean(stored);
}
