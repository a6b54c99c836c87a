import { resolve } from "node:path";
import SQLite from "better-sqlite3";
import { fileOf } from "./connect.ts";
import { type Copying, copyTables } from "./from-postgres.ts";
import { writeWhole } from "./whole-file.ts";

/** What a backup holds. */
export interface Held {
  sites: number;
  events: number;
  bytes: number;
}

/**
 * Copies the whole book as it is at one moment into a new SQLite file, on which Sitebook can be started. Whoever writes
 * meanwhile neither waits for it nor disturbs it.
 */
export function backup(url: string, file: string, onProgress: Copying["onProgress"]): Promise<Held> {
  return writeWhole(resolve(file), async (path, sync) => {
    const copying = { sync, onProgress };
    await (url.startsWith("file:") ? copyPages(fileOf(url), path, copying) : copyTables(url, path, copying));
    return heldBy(path);
  });
}

/** 8 MB: small enough that its way to the disk keeps nobody waiting. */
const piece = 2000;

async function copyPages(source: string, path: string, { sync, onProgress }: Copying): Promise<void> {
  const book = new SQLite(source, { readonly: true, fileMustExist: true });
  try {
    // a transaction keeps to its moment: without one, whatever others write would begin the copy anew, for ever
    book.exec("begin");
    const pages = book.pragma("page_count", { simple: true });
    await book.backup(path, {
      progress: ({ totalPages, remainingPages }) => {
        sync();
        onProgress(totalPages - remainingPages, totalPages);
        return piece;
      },
    });
    settle(path, pages);
  } finally {
    book.close();
  }
}

/** A file that needs no other beside it, so that it can be read where nothing can be written. */
function settle(path: string, pages: unknown): void {
  const copy = new SQLite(path);
  try {
    // a copy that somebody held locked ends early without a word
    if (copy.pragma("page_count", { simple: true }) !== pages) throw new Error("The copy is not whole.");
    copy.pragma("journal_mode = delete");
  } finally {
    copy.close();
  }
}

function heldBy(path: string): Held {
  const copy = new SQLite(path, { readonly: true });
  try {
    return copy
      .prepare<[], Held>(
        `select count(*) as sites, coalesce(sum(events), 0) as events,
          (select page_count * page_size from pragma_page_count, pragma_page_size) as bytes from sites`,
      )
      .get() as Held;
  } finally {
    copy.close();
  }
}
