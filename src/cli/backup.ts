import { resolve } from "node:path";
import { type Backup, backup as backUp } from "../database/copy/backup.ts";
import { countOf } from "../text.ts";
import { type Command, CommandError } from "./command.ts";
import { existingDatabaseUrl, onDatabase } from "./database.ts";
import { progress } from "./progress.ts";

export const backupCommand: Command = {
  help: `sitebook backup FILE

Copies the whole book, as it is at one moment, into a new SQLite file, also from PostgreSQL and while the server is
writing. FILE appears once it is complete, and an existing file is not overwritten. Only its owner may read it: it
contains password hashes, and the key that signs checkpoints. A backup that is killed leaves files whose names begin
with sitebook-backup-; you can delete them.

To check a backup: DATABASE_URL=file:FILE sitebook verify. To restore it, start Sitebook with it, or with a copy of it:
DATABASE_URL=file:FILE npm start. To restore it into PostgreSQL:
DATABASE_URL=file:FILE sitebook copy postgres://USER:PASSWORD@HOST/DATABASE.`,
  options: {},
  run: async ({ positionals: [file, ...more] }, io) => {
    if (!file || more.length) throw new CommandError("Name one file to write: sitebook backup FILE.");
    const url = existingDatabaseUrl(io.env);
    return onDatabase(io.env, async (db) => {
      const at = io.now().toISOString();
      const bar = progress(io);
      const result = await backUp(db, url, file, bar.update).finally(bar.end);
      return { text: sentence(file, at, result), json: { file: resolve(file), at, ...result } };
    });
  },
};

function sentence(file: string, at: string, { sites, events, bytes }: Backup): string {
  const size = (bytes / 1e6).toLocaleString("en-GB", { maximumFractionDigits: 1 });
  return `${file} contains ${countOf(sites, "site")} and ${countOf(events, "event")}, as they were at ${at}: ${size} MB.`;
}
