import { open } from "node:fs/promises";
import { Refusal } from "../errors.ts";
import { CommandError } from "./command.ts";
import { readJsonLines } from "./read-json-lines.ts";
import { readTable } from "./read-table.ts";
import type { ReadDeployment } from "./validate-deployment.ts";

/** Reads a file of deployments one by one, so that only one at a time is in memory. */
export async function* readDeployments(file: string, now: string): AsyncGenerator<ReadDeployment> {
  const start = await startOf(file);
  if (start.includes("\0")) throw new Refusal(422, `${file} is not text. Save it as CSV, TSV or JSON lines, in UTF-8.`);
  if (start.trimStart().startsWith("{")) yield* readJsonLines(file, now);
  else yield* readTable(file, now, /[\t;,]/.exec(start)?.[0] ?? ",");
}

async function startOf(file: string): Promise<string> {
  try {
    await using handle = await open(file);
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(4096) });
    return buffer.toString("utf8", 0, bytesRead).replace(/^\uFEFF/, "");
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}.`);
  }
}
