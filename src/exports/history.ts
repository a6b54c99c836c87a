import type { Site } from "../access/sites.ts";
import type { Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { type HistoryEvent, type HistoryFilter, listEvents } from "../history/queries.ts";
import { sentence } from "../history/sentences.ts";
import { longTime } from "../time/format.ts";
import type { Export, ExportRow, Format } from "./serialize.ts";

const columns = ["entry", "recorded_at", "person", "action", "subject", "sentence", "note", "hash"];

/** What the history page shows under the same filter, newest first. JSON lines carry all that an entry changed, too. */
export function historyExport(db: Database, site: Site, filter: HistoryFilter, format: Format): Export {
  return { columns, pages: pagesOf(db, site, filter, format === "jsonl") };
}

const size = 250;

async function* pagesOf(db: Database, site: Site, filter: HistoryFilter, whole: boolean): AsyncGenerator<ExportRow[]> {
  for (let before = filter.before; ; ) {
    const events = await listEvents(db, site.id, { ...filter, before, limit: size });
    const rows: ExportRow[] = [];
    for (const event of events) {
      const row = rowOf(site, event);
      if (!whole) rows.push(row);
      else if (!event.long) rows.push({ ...row, details: event.details });
      else {
        // one entry may tell of ten thousand lines: never more than one such at a time
        yield rows.splice(0);
        yield [{ ...row, details: await detailsOf(db, site, event.seq) }];
      }
    }
    yield rows;
    before = events[size - 1]?.seq;
    if (before === undefined) return;
  }
}

function rowOf(site: Site, event: HistoryEvent): ExportRow {
  const { seq, recorded_at, action, subject, hash, details } = event;
  const words = sentence(event).map((piece) => {
    if (typeof piece === "string") return piece;
    return "at" in piece ? longTime(piece.at, site.time_zone) : piece.text;
  });
  const note = details.comment ?? details.reason ?? details.note ?? null;
  return { entry: seq, recorded_at, person: details.person, action, subject, sentence: words.join(""), note, hash };
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
