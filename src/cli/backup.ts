import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { backup as backUp } from "../database/backup.ts";
import { fileOf } from "../database/connect.ts";
import { NoPlace } from "../database/whole-file.ts";
import { type Command, CouldNot, count, type Io } from "./command.ts";
import { databaseUrl, onDatabase } from "./database.ts";
import { progress } from "./progress.ts";

export const backup: Command = {
  help: `sitebook backup FILE

Copies the whole book, as it is at one moment, into a new SQLite file, also while the server is writing, and from
PostgreSQL, too. The file gets its name once it is whole; nothing is written over. Killed in the middle, it leaves a
sitebook-backup-….partial, which the next one in that folder takes away. Only its owner may read the file: it holds
password hashes, and the key that signs checkpoints.

To restore it, start Sitebook on it, or on a copy: DATABASE_URL=file:FILE npm start. In the same way sitebook verify
checks it. It does not go back into PostgreSQL, for which there is pg_dump.`,
  options: {},
  run: async ({ positionals: [file, ...more] }, io) => {
    if (!file || more.length) throw new CouldNot("Say one file to write: sitebook backup FILE.");
    const url = databaseUrl(io.env);
    // opened as usual, one would be made, and its emptiness kept for the book
    if (url.startsWith("file:") && !existsSync(fileOf(url)))
      throw new CouldNot(`There is no database ${fileOf(url)}. Check DATABASE_URL.`);
    return onDatabase(io.env, async () => {
      const at = io.now().toISOString();
      const held = await copied(url, file, io);
      return { text: sentence(file, at, held), json: { file: resolve(file), at, ...held } };
    });
  },
};

async function copied(url: string, file: string, io: Io) {
  let drawn: ReturnType<typeof progress> | undefined;
  try {
    return await backUp(url, file, (done, all) => {
      drawn ??= progress(io, all);
      drawn.at(done);
    });
  } catch (error) {
    throw error instanceof NoPlace ? new CouldNot(error.message) : error;
  } finally {
    drawn?.end();
  }
}

function sentence(file: string, at: string, { sites, events, bytes }: Awaited<ReturnType<typeof backUp>>): string {
  const size = (bytes / 1e6).toLocaleString("en-GB", { maximumFractionDigits: 1 });
  return `${file} holds ${count(sites, "site")} and ${count(events, "event")}, as they were at ${at}: ${size} MB.`;
}
