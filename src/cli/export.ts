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
import { parseMoment, parseRangeEnd } from "../time/parse-moment.ts";
import { type Command, CommandError, type Io, option, type Values } from "./command.ts";
import { onDatabase } from "./database.ts";
import { selectedSites } from "./sites.ts";

export const exportCommand: Command = {
  help: `sitebook export history [--site SLUG] [--environment SLUG] [--action NAME] [--from MOMENT] [--until MOMENT]
sitebook export placements ENVIRONMENT [--site SLUG] [--as-of MOMENT] [--known-at MOMENT]

Exports the events of the history, newest first, or what is or was on an environment: as CSV, or with --format jsonl (or
--json) as JSON lines. It is written to standard output, or to the file that --output names, which appears once it is
complete. The last line counts the rows. CSV begins with a byte order mark, so that Excel reads its letters right, and
Sitebook reads it back. Write a MOMENT like 2026-03-03T14:00:00Z, or "3 March 14:00" in the site's time
zone. A day given as --until is included.`,
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
      const chunks = serialize(format, await requestedExport(db, positionals, values, format, io));
      if (file === undefined) return print(io, chunks);
      await save(file, chunks);
      return { text: `Written to ${file}.`, json: { file } };
    });
  },
};

function formatOf(values: Values): Format {
  const format = option(values, "format") ?? (values.json ? "jsonl" : "csv");
  const known = formats.find((name) => name === format);
  if (known) return known;
  throw new CommandError(`Unknown format "${format.slice(0, 60)}". Use csv or jsonl.`);
}

async function requestedExport(
  db: Database,
  [what, environment, ...more]: string[],
  values: Values,
  format: Format,
  io: Io,
): Promise<Export> {
  const now = io.now().toISOString();
  const site = await siteOf(db, values);
  const moment = (name: string, parse = parseMoment) => momentOption(option(values, name), parse, site, now);
  if (what === "history" && environment === undefined)
    return historyExport(db, site, historyFilter(site, values, moment("from"), moment("until", parseRangeEnd)), format);
  if (what === "placements" && environment !== undefined && !more.length) {
    const at = { asOf: moment("as-of") ?? endOfTime, knownAt: moment("known-at") ?? now };
    return placementsExport(db, site, environmentOf(site, environment), at, {}, format);
  }
  throw new CommandError("Name what to export: history, or placements and an environment. See sitebook export --help.");
}

async function siteOf(db: Database, values: Values): Promise<Site> {
  const [selected, ...others] = await selectedSites(db, values);
  if (!selected || others.length) throw new CommandError("Name one site with --site.");
  return (await findSite(db, selected.slug)) ?? notFound("site");
}

const environmentOf = (site: Site, slug: string) =>
  [...site.environments, ...site.retired].find((environment) => environment.slug === slug) ??
  notFound(`environment "${slug.slice(0, 60)}"`);

function historyFilter(site: Site, values: Values, from?: string, until?: string) {
  const [environment, name] = [option(values, "environment"), option(values, "action")];
  const action = actions.find((known) => known === name);
  if (name && !action)
    throw new CommandError(`Unknown action "${name.slice(0, 60)}". The actions are ${actions.join(", ")}.`);
  return { environment: environment && environmentOf(site, environment).id, action, from, until };
}

/** The past moment in an option. Throws a CommandError if it cannot be read. */
function momentOption(
  text: string | undefined,
  parse: typeof parseMoment,
  site: Site,
  now: string,
): string | undefined {
  if (text === undefined) return;
  const parsed = parse(text, site.time_zone, now);
  if ("at" in parsed) return parsed.at;
  throw new CommandError(parsed.wrong);
}

async function print(io: Io, chunks: AsyncIterable<string>): Promise<undefined> {
  for await (const chunk of chunks) {
    io.out(chunk);
    await io.drained();
  }
}

/** Writes under another name until the file is complete. */
async function save(file: string, chunks: AsyncIterable<string>): Promise<void> {
  const partial = `${file}.part`;
  try {
    await pipeline(Readable.from(chunks), createWriteStream(partial));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw new CommandError(`${file} cannot be written: ${error instanceof Error ? error.message : error}.`);
  }
}
