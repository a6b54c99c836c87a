import { rebuild as rebuildSite } from "../integrity/rebuild.ts";
import { countOf } from "../text.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./database.ts";
import { progress } from "./progress.ts";
import { selectedSites } from "./sites.ts";

export const rebuildCommand: Command = {
  help: `sitebook rebuild [--site SLUG]

Makes the record anew from the events, where sitebook verify found that it is not what they tell: deployments, releases,
promotions and all that belongs to them, and what stands where. Each site all or nothing. Where the events themselves
are broken it is refused: restore a backup. Make one before this, too.`,
  options: { site: { type: "string" } },
  run: async ({ values }, io) =>
    onDatabase(io.env, async (db) => {
      const made = [];
      for (const site of await selectedSites(db, values)) {
        const drawn = progress(io);
        const verdict = await rebuildSite(db, site.id, drawn.at).finally(drawn.end);
        made.push({ site: site.slug, ...verdict });
      }
      const text = made.map(
        (one) => `${one.site}: the record is again what ${"events" in one ? countOf(one.events, "event") : ""} tell.`,
      );
      return { text: text.join("\n"), json: made };
    }),
};
