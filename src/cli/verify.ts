import { readFile } from "node:fs/promises";
import type { Database } from "../database/connect.ts";
import { readCheckpoint } from "../integrity/checkpoints.ts";
import { type Verification, verify as verifySite } from "../integrity/verify.ts";
import { countOf } from "../text.ts";
import { type Command, CommandError, type Io, option, type Values } from "./command.ts";
import { onDatabase } from "./database.ts";
import { progress } from "./progress.ts";
import { selectedSites } from "./sites.ts";

export const verifyCommand: Command = {
  help: `sitebook verify [--site SLUG] [--checkpoint FILE [--key KEY]]

Checks the chain of events, and compares the record with it, row by row. The first mismatch is named, with the number of
its event, and the exit code is 1. It works beside a running server, and on a backup.

  --site SLUG         only this site; all sites by default
  --checkpoint FILE   a checkpoint from sitebook checkpoint: also finds a history that was rewritten with all its hashes
  --key KEY           the public key of the checkpoint; by default the one in the database, which is weaker proof`,
  options: { site: { type: "string" }, checkpoint: { type: "string" }, key: { type: "string" } },
  run: async ({ values }, io) =>
    onDatabase(io.env, async (db) => {
      const sites = await selectedSites(db, values);
      const note = await readCheckpointFile(values);
      const results = [];
      for (const site of note === undefined ? sites : sites.filter(({ slug }) => isOf(note, slug)))
        results.push({ site: site.slug, ...(await verifyOne(db, site, note, values, io)) });
      if (!results.length) throw new CommandError("The checkpoint does not belong to any of these sites.");
      return { text: results.map(sentence).join("\n"), json: results, no: results.some((result) => "break" in result) };
    }),
};

async function readCheckpointFile(values: Values): Promise<string | undefined> {
  const file = option(values, "checkpoint");
  if (file === undefined) return;
  return readFile(file, "utf8").catch((error: Error) => {
    throw new CommandError(`The checkpoint cannot be read: ${error.message}.`);
  });
}

const isOf = (note: string, slug: string) => note.split("\n")[0]?.endsWith(`/${slug}`);

async function verifyOne(
  db: Database,
  site: { id: string; slug: string },
  note: string | undefined,
  values: Values,
  io: Io,
) {
  const checkpoint = note === undefined ? undefined : await readCheckpoint(db, site, note, option(values, "key"));
  const bar = progress(io);
  return verifySite(db, site.id, { checkpoint, onProgress: bar.update }).finally(bar.end);
}

function sentence({ site, ...result }: Verification & { site: string }): string {
  if ("break" in result) return `${site}: event ${result.break.seq}: ${result.break.what}`;
  return `${site}: ${countOf(result.events, "event")}, and the record matches them. The head is ${result.head}.`;
}
