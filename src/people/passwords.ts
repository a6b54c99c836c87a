import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

interface Cost {
  /** In KiB. */
  memory: number;
  passes: number;
  parallelism: number;
}

/** OWASP's minimum for argon2id. */
const minimum: Cost = { memory: 19_456, passes: 2, parallelism: 1 };

const derive = promisify((parameters: Argon2Parameters, done: (error: Error | null, key: Buffer) => void) =>
  argon2("argon2id", parameters, done),
);

/** Normalized, because keyboards differ in how they compose a letter with an accent. */
const bytes = (password: string) => Buffer.from(password.normalize("NFC"));
const base64 = (buffer: Buffer) => buffer.toString("base64").replace(/=+$/, "");

/** An argon2id hash in PHC format, which includes its cost: stored hashes stay valid when the cost is raised. */
export async function hashPassword(password: string, cost = minimum): Promise<string> {
  const nonce = randomBytes(16);
  const key = await derive({ message: bytes(password), nonce, tagLength: 32, ...cost });
  return phc(cost, nonce, key);
}

function phc({ memory, passes, parallelism }: Cost, nonce: Buffer, key: Buffer): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(nonce)}$${base64(key)}`;
}

/** No password has this hash. Checked where there is no account, so that the answer takes as long as with one. */
const unmatchable = phc(minimum, Buffer.alloc(16), Buffer.alloc(32));

export async function matchesPassword(password: string, stored: string | null | undefined): Promise<boolean> {
  const [, memory, passes, parallelism, salt, hash] =
    /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(stored ?? unmatchable) ?? [];
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
