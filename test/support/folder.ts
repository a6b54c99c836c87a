import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A temporary folder that is removed when its block ends: `await using dir = await folder()`. */
export async function folder() {
  const path = await mkdtemp(join(tmpdir(), "sitebook-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
