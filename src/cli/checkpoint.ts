import { publicKey, signChain } from "../integrity/checkpoints.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./database.ts";
import { selectedSites } from "./sites.ts";

export const checkpointCommand: Command = {
  help: `sitebook checkpoint [--site SLUG]

Signs how far each site's history has come, and prints it, to be kept elsewhere: sitebook verify --checkpoint finds out
by it if anything before was changed. With --json the key for checking it comes along; standard error says it, too.`,
  options: { site: { type: "string" } },
  run: async ({ values }, io) =>
    onDatabase(io.env, async (db) => {
      const made = [];
      for (const site of await selectedSites(db, values))
        made.push({ site: site.slug, ...(await signChain(db, site, io.now().toISOString())) });
      const key = await publicKey(db);
      if (io.watched) io.err(`The key is ${key}\n`);
      return {
        text: made
          .map((one) => one.note)
          .join("\n")
          .trimEnd(),
        json: made.map((one) => ({ ...one, key })),
      };
    }),
};
