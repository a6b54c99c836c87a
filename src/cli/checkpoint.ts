import { publicKey, signChain } from "../integrity/checkpoints.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./database.ts";
import { selectedSites } from "./sites.ts";

export const checkpointCommand: Command = {
  help: `sitebook checkpoint [--site SLUG]

Signs the current state of each site's history, and prints the checkpoint. Keep it somewhere else: with it
sitebook verify --checkpoint finds any later change to the history so far. The public key that checks it is printed on
standard error in a terminal, and included with --json.`,
  options: { site: { type: "string" } },
  run: async ({ values }, io) =>
    onDatabase(io.env, async (db) => {
      const checkpoints = [];
      for (const site of await selectedSites(db, values))
        checkpoints.push({ site: site.slug, ...(await signChain(db, site, io.now().toISOString())) });
      const key = await publicKey(db);
      if (io.interactive) io.err(`The public key is ${key}\n`);
      return {
        text: checkpoints
          .map(({ note }) => note)
          .join("\n")
          .trimEnd(),
        json: checkpoints.map((checkpoint) => ({ ...checkpoint, key })),
      };
    }),
};
