import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { fileOf, isFile } from "../database/connect.ts";
import { syncFolder } from "../database/copy/atomic-file.ts";
import { newSecret } from "../database/ids.ts";
import { seal, unseal } from "../database/sealed.ts";
import { Refusal, refuse } from "../errors.ts";

/** The fewest characters that SECRET may have. */
export const minSecretLength = 32;

/** Encrypts the secrets that the database keeps for other systems, such as the key of a webhook. */
export interface Secrets {
  /** Why nothing can be sealed here: there is no key, and no place to keep one. */
  whyNotSeal(): string | undefined;
  /**
   * Encrypts a text (AES-256-GCM), as base64. `context` names the row and column it is for: elsewhere it cannot be opened.
   * Throws a Refusal with 409 if there is no key.
   */
  seal(text: string, context: string): string;
  /** The text; undefined if it was sealed with another key or context. */
  unseal(sealed: string, context: string): string | undefined;
}

/**
 * The key is SECRET. Without it the key is in a file beside the SQLite database, created when something is first sealed.
 * A database in memory has a key in memory, and PostgreSQL has none.
 */
export function createSecrets({ secret, databaseUrl }: { secret?: string | undefined; databaseUrl: string }): Secrets {
  let key = secret;
  const file = isFile(databaseUrl) ? keyFileOf(databaseUrl) : undefined;
  const isPostgres = !databaseUrl.startsWith("file:");
  const keyToSeal = () => (key ??= file === undefined ? newSecret() : readOrCreateKey(file));
  // another server on the same file may have created it since
  const keyToUnseal = () => (key ??= file !== undefined && existsSync(file) ? readKey(file) : undefined);
  const whyNotSeal = () => (isPostgres && !key ? noKeySentence : undefined);
  return {
    whyNotSeal,
    seal: (text, context) => {
      refuse(whyNotSeal());
      return seal(text, keyToSeal(), context);
    },
    unseal: (sealed, context) => {
      const opening = keyToUnseal();
      return opening && unseal(sealed, opening, context);
    },
  };
}

const noKeySentence = `Secrets are encrypted, and on PostgreSQL the key for that has to be set: set SECRET to at least ${minSecretLength} random characters, and restart Sitebook.`;

/** `data/sitebook.key` for `file:data/sitebook.db`. */
const keyFileOf = (url: string): string => `${fileOf(url).replace(/\.(db|sqlite3?)$/, "")}.key`;

function readOrCreateKey(file: string): string {
  if (!existsSync(file)) createKey(file);
  return readKey(file);
}

/** Links a complete file to its name, so that of two servers that start together one wins, and none reads half a key. */
function createKey(file: string): void {
  const partial = `${file}.${randomBytes(4).toString("hex")}.partial`;
  try {
    const handle = openSync(partial, "wx", 0o600);
    writeSync(handle, `${newSecret()}\n`);
    fsyncSync(handle);
    closeSync(handle);
    linkSync(partial, file);
    syncFolder(dirname(file));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST")
      throw new Refusal(409, `The key for secrets cannot be written to ${file}: ${message}. Set SECRET instead.`);
  } finally {
    rmSync(partial, { force: true });
  }
}

function readKey(file: string): string {
  const key = readFileSync(file, "utf8").trim();
  if (key.length < minSecretLength)
    throw new Refusal(409, `${file} has no key for secrets. Restore it from your backup, or set SECRET.`);
  return key;
}
