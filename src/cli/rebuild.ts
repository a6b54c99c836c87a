import { rebuild as rebuildSite } from "../integrity/rebuild.ts";
import { countOf } from "../text.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./database.ts";
import { progress } from "./progress.ts";
import { selectedSites } from "./sites.ts";

export const rebuildCommand: Command = {
  help: `sitebook rebuild [--site SLUG]

Restores the record from the events if sitebook verify found that it does not match them: deployments, releases,
promotions and all that belongs to them. Each site is restored completely or not at all. If the events themselves are
broken it is refused; restore a backup then. Create a backup first in any case.`,
  options: { site: { type: "string" } },
  run: async ({ values }, io) =>
    onDatabase(io.env, async (db) => {
      const rebuilt = [];
      for (const site of await selectedSites(db, values)) {
        const bar = progress(io);
        const verification = await rebuildSite(db, site.id, bar.update).finally(bar.end);
        rebuilt.push({ site: site.slug, ...verification });
      }
      const text = rebuilt.map((result) => {
        const events = "events" in result ? countOf(result.events, "event") : "the events";
        return `${result.site}: the record was restored from ${events}, and matches them.`;
      });
      return { text: text.join("\n"), json: rebuilt };
    }),
};
