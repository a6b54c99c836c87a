import type { Site } from "../access/sites.ts";
import type { Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { type HistoryEvent, type HistoryFilter, listEvents } from "../history/queries.ts";
import { sentence } from "../history/sentences.ts";
import { longTime } from "../time/format.ts";
import type { Export, ExportRow, Format } from "./serialize.ts";

const columns = ["entry", "recorded_at", "person", "action", "subject", "sentence", "note", "hash"];

/** The events that the history page shows with this filter, newest first. JSON lines also have all their details. */
export function historyExport(db: Database, site: Site, filter: HistoryFilter, format: Format): Export {
  return { columns, pages: pagesOf(db, site, filter, format === "jsonl") };
}

const batchSize = 250;

async function* pagesOf(
  db: Database,
  site: Site,
  filter: HistoryFilter,
  withDetails: boolean,
): AsyncGenerator<ExportRow[]> {
  for (let before = filter.before; ; ) {
    const events = await listEvents(db, site.id, { ...filter, before, limit: batchSize });
    const rows: ExportRow[] = [];
    for (const event of events) {
      const row = rowOf(site, event);
      if (!withDetails) rows.push(row);
      else if (!event.long) rows.push({ ...row, details: event.details });
      else {
        // an event can have ten thousand lines, so that only one such is in memory at a time
        yield rows.splice(0);
        yield [{ ...row, details: await detailsOf(db, site, event.seq) }];
      }
    }
    yield rows;
    before = events[batchSize - 1]?.seq;
    if (before === undefined) return;
  }
}

function rowOf(site: Site, event: HistoryEvent): ExportRow {
  const { seq, recorded_at, person, action, subject, hash, details } = event;
  const texts = sentence(event).map((piece) => {
    if (typeof piece === "string") return piece;
    if ("name" in piece) return piece.name;
    return "at" in piece ? longTime(piece.at, site.time_zone) : piece.text;
  });
  const note = details.comment ?? details.reason ?? details.note ?? null;
  return { entry: seq, recorded_at, person, action, subject, sentence: texts.join(""), note, hash };
}

async function detailsOf(db: Database, site: Site, seq: number): Promise<Json> {
  const row = await db
    .selectFrom("events")
    .select("details")
    .where("site_id", "=", site.id)
    .where("seq", "=", seq)
    .executeTakeFirstOrThrow();
  return JSON.parse(row.details);
}
