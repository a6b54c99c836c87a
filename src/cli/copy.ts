import { existsSync, realpathSync } from "node:fs";
import { type Database, fileOf, isFile } from "../database/connect.ts";
import { copyBook, isEmpty } from "../database/copy/copy.ts";
import { withoutPassword } from "../database/ready.ts";
import { Refusal } from "../errors.ts";
import { verify } from "../integrity/verify.ts";
import { countOf } from "../text.ts";
import { type Command, CommandError, type CommandResult, type Io } from "./command.ts";
import { existingDatabaseUrl, onDatabase } from "./database.ts";
import { progress } from "./progress.ts";
import { selectedSites } from "./sites.ts";

export const copyCommand: Command = {
  help: `sitebook copy DATABASE_URL

Copies the whole book, as it is at one moment, from the database that the variable DATABASE_URL names into another one,
which must be empty. Each can be SQLite or PostgreSQL. Use it to move a book, or to restore a backup:

  DATABASE_URL=file:data/sitebook.db sitebook copy postgres://USER:PASSWORD@HOST/DATABASE

The source can be in use. Before the copy is committed its rows are counted and every site is verified: if something is
wrong, or the command is killed, the target stays empty, and the exit code is not 0. Whatever is recorded in the source
afterwards is not copied, so stop its server first if you move.`,
  options: {},
  run: async ({ positionals: [target, ...more] }, io) => {
    if (!target || more.length) throw new CommandError("Name one database to copy to: sitebook copy DATABASE_URL.");
    if (isSame(existingDatabaseUrl(io.env), target)) throw new CommandError("Source and target are the same database.");
    return onDatabase(io.env, async (from) => {
      if (await isEmpty(from))
        throw new CommandError("There is nothing to copy: the source has no site and no account.");
      return onDatabase({ DATABASE_URL: target }, (into) => copyVerified(from, into, target, io));
    });
  },
};

/** Compares their addresses. A database with two addresses is refused as its own target because it is not empty. */
function isSame(source: string, target: string): boolean {
  const location = (url: string) => (isFile(url) && existsSync(fileOf(url)) ? realpathSync(fileOf(url)) : url);
  return location(source) === location(target);
}

async function copyVerified(from: Database, into: Database, url: string, io: Io): Promise<CommandResult> {
  const at = io.now().toISOString();
  const { update: onProgress, end } = progress(io);
  const check = (copy: Database) => refuseBroken(copy, onProgress);
  const counts = await copyBook(from, into, { onProgress, check }).finally(end);
  const target = withoutPassword(url);
  const [sites, events] = [counts.get("sites") ?? 0, counts.get("events") ?? 0];
  const rows = counts.values().reduce((sum, count) => sum + count, 0);
  const contents = `${countOf(sites, "site")}, ${countOf(events, "event")} and ${countOf(rows, "row")} in all`;
  return {
    text: `${target} now has ${contents}, as they were at ${at}. Every site was verified.`,
    json: { target, at, sites, events, rows },
  };
}

async function refuseBroken(copy: Database, onProgress: (done: number, total: number) => void): Promise<void> {
  for (const site of await selectedSites(copy, {})) {
    const verdict = await verify(copy, site.id, { onProgress });
    if ("break" in verdict)
      throw new Refusal(
        409,
        `${site.slug}: event ${verdict.break.seq}: ${verdict.break.what} Nothing was copied. Run sitebook verify on the source.`,
      );
  }
}
