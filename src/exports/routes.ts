import { Hono } from "hono";
import { findAnyEnvironment } from "../access/sites.ts";
import { readBoardFilter } from "../board/filters.ts";
import { Refusal } from "../errors.ts";
import { readHistoryFilter } from "../history/filter.ts";
import type { SiteEnv } from "../http/context.ts";
import { download } from "../http/download.ts";
import { queryMoment } from "../http/forms.ts";
import { endOfTime, type Moment } from "../record/as-of.ts";
import { boardExport } from "./board.ts";
import { historyExport } from "./history.ts";
import { placementsExport } from "./placements.ts";
import { type Format, serialize } from "./serialize.ts";

/** Exports of the history and of environments, filtered as their pages are. */
export const exportRoutes = new Hono<SiteEnv>();

exportRoutes.get("/history/:file{export\\.(?:csv|jsonl)}", (c) =>
  download(c, async () => {
    const { filter, errors } = await readHistoryFilter(c);
    const [sentence] = Object.values(errors);
    if (sentence) throw new Refusal(errors.key ? 404 : 422, sentence);
    const format = formatOf(c.req.param("file"));
    const content = serialize(format, historyExport(c.var.db, c.var.access.site, filter, format));
    return { name: ["history"], format, content };
  }),
);

exportRoutes.get("/:file{export\\.(?:csv|jsonl)}", (c) =>
  download(c, async () => {
    const { site } = c.var.access;
    const filter = readBoardFilter(site, c.req.query());
    const format = formatOf(c.req.param("file"));
    const summary = await c.var.siteSummary(c.var.db, site);
    const content = serialize(format, boardExport(c.var.db, site, summary, filter, format));
    return { name: ["board", c.var.at], format, content };
  }),
);

exportRoutes.get("/environments/:environment/:file{export\\.(?:csv|jsonl)}", (c) =>
  download(c, () => {
    const { site } = c.var.access;
    const environment = findAnyEnvironment(site, c.req.param("environment"));
    const moment: Moment = {
      asOf: queryMoment(c, "as_of") ?? endOfTime,
      // all pages of the export show what was known when the first was read
      knownAt: queryMoment(c, "known_at") ?? c.var.at,
    };
    const { kind, text } = readBoardFilter(site, { kind: c.req.query("kind"), text: c.req.query("text") });
    const format = formatOf(c.req.param("file"));
    const content = serialize(format, placementsExport(c.var.db, site, environment, moment, { kind, text }, format));
    return { name: [environment.slug, moment.asOf === endOfTime ? c.var.at : moment.asOf], format, content };
  }),
);

const formatOf = (file: string): Format => (file.endsWith(".csv") ? "csv" : "jsonl");
