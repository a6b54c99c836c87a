import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { findSite, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { notFound } from "../errors.ts";
import { historyExport } from "../exports/history.ts";
import { placementsExport } from "../exports/placements.ts";
import { type Export, type Format, formats, serialize } from "../exports/serialize.ts";
import { endOfTime } from "../record/as-of.ts";
import { actions } from "../record/events.ts";
import { parseMoment } from "../time/parse-moment.ts";
import { type Command, CommandError, type Io, option, type Values } from "./command.ts";
import { onDatabase } from "./database.ts";
import { selectedSites } from "./sites.ts";

export const exportCommand: Command = {
  help: `sitebook export history [--site SLUG] [--environment SLUG] [--action NAME] [--from MOMENT] [--until MOMENT]
sitebook export placements ENVIRONMENT [--site SLUG] [--as-of MOMENT] [--known-at MOMENT]

The events of the history, newest first, or what stands or stood in an environment: as CSV, or with --format jsonl (or
--json) as JSON lines. It goes to standard output, or to the file that --output names, which appears once it is whole.
The last line says how many rows there are. A moment is written like 2026-03-03T14:00:00Z, or as the site's clock shows it.`,
  options: {
    site: { type: "string" },
    environment: { type: "string" },
    action: { type: "string" },
    from: { type: "string" },
    until: { type: "string" },
    "as-of": { type: "string" },
    "known-at": { type: "string" },
    format: { type: "string" },
    output: { type: "string" },
  },
  run: async ({ values, positionals }, io) => {
    const format = formatOf(values);
    const file = option(values, "output");
    return onDatabase(io.env, async (db) => {
      const pieces = serialize(format, await chosen(db, positionals, values, format, io));
      if (file === undefined) return say(io, pieces);
      await save(file, pieces);
      return { text: `Written to ${file}.`, json: { file } };
    });
  },
};

function formatOf(values: Values): Format {
  const format = option(values, "format") ?? (values.json ? "jsonl" : "csv");
  const known = formats.find((one) => one === format);
  if (known) return known;
  throw new CommandError(`There is no format "${format.slice(0, 60)}": it is csv or jsonl.`);
}

async function chosen(
  db: Database,
  [what, environment, ...more]: string[],
  values: Values,
  format: Format,
  io: Io,
): Promise<Export> {
  const now = io.now().toISOString();
  const site = await siteOf(db, values);
  const moment = (name: string) => readMoment(option(values, name), site, now);
  if (what === "history" && environment === undefined)
    return historyExport(db, site, historyFilter(site, values, moment("from"), moment("until")), format);
  if (what === "placements" && environment !== undefined && !more.length) {
    const asked = { asOf: moment("as-of") ?? endOfTime, knownAt: moment("known-at") ?? now };
    return placementsExport(db, site, place(site, environment), asked, {});
  }
  throw new CommandError("Say what to export: history, or placements and one environment. See sitebook export --help.");
}

async function siteOf(db: Database, values: Values): Promise<Site> {
  const [one, ...others] = await selectedSites(db, values);
  if (!one || others.length) throw new CommandError("Say --site.");
  return (await findSite(db, one.slug)) ?? notFound("site");
}

const place = (site: Site, slug: string) =>
  site.environments.find((one) => one.slug === slug) ?? notFound(`environment "${slug.slice(0, 60)}"`);

function historyFilter(site: Site, values: Values, from?: string, until?: string) {
  const [environment, name] = [option(values, "environment"), option(values, "action")];
  const action = actions.find((one) => one === name);
  if (name && !action)
    throw new CommandError(`There is no action "${name.slice(0, 60)}". There are: ${actions.join(", ")}.`);
  return { environment: environment && place(site, environment).id, action, from, until };
}

function readMoment(text: string | undefined, site: Site, now: string): string | undefined {
  if (text === undefined) return;
  const read = parseMoment(text, site.time_zone, now);
  if ("at" in read) return read.at;
  throw new CommandError(read.wrong);
}

async function say(io: Io, pieces: AsyncIterable<string>): Promise<undefined> {
  for await (const piece of pieces) {
    io.out(piece);
    await io.drained();
  }
}

/** Under another name until it is whole. */
async function save(file: string, pieces: AsyncIterable<string>): Promise<void> {
  const partial = `${file}.part`;
  try {
    await pipeline(Readable.from(pieces), createWriteStream(partial));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw new CommandError(`${file} cannot be written: ${error instanceof Error ? error.message : error}.`);
  }
}
