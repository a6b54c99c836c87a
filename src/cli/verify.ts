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

Walks the chain of events, and compares the record with it, row for row. The first thing that is wrong is named, with
the number of its event, and the exit code is 1. It works beside a running server, and on a backup.

  --site SLUG         this site only; else all
  --checkpoint FILE   a checkpoint kept elsewhere: also finds a history that was written anew with all its hashes
  --key KEY           the key that came with it; else the one in the database, which is weaker proof`,
  options: { site: { type: "string" }, checkpoint: { type: "string" }, key: { type: "string" } },
  run: async ({ values }, io) =>
    onDatabase(io.env, async (db) => {
      const sites = await selectedSites(db, values);
      const note = await kept(values);
      const found = [];
      for (const site of note === undefined ? sites : sites.filter((one) => isOf(note, one.slug)))
        found.push({ site: site.slug, ...(await verified(db, site, note, values, io)) });
      if (!found.length) throw new CommandError("The checkpoint is of none of these sites.");
      return { text: found.map(sentence).join("\n"), json: found, no: found.some((one) => "break" in one) };
    }),
};

async function kept(values: Values): Promise<string | undefined> {
  const file = option(values, "checkpoint");
  if (file === undefined) return;
  return readFile(file, "utf8").catch((error: Error) => {
    throw new CommandError(`The checkpoint cannot be read: ${error.message}.`);
  });
}

const isOf = (note: string, slug: string) => note.split("\n")[0]?.endsWith(`/${slug}`);

async function verified(
  db: Database,
  site: { id: string; slug: string },
  note: string | undefined,
  values: Values,
  io: Io,
) {
  const checkpoint = note === undefined ? undefined : await readCheckpoint(db, site, note, option(values, "key"));
  const drawn = progress(io);
  return verifySite(db, site.id, { checkpoint, onProgress: drawn.at }).finally(drawn.end);
}

function sentence({ site, ...found }: Verification & { site: string }): string {
  if ("break" in found) return `${site}: event ${found.break.seq}: ${found.break.what}`;
  return `${site}: ${countOf(found.events, "event")}, and the record is what they tell. The head is ${found.head}.`;
}
