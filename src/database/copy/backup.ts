import { resolve } from "node:path";
import SQLite from "better-sqlite3";
import { type Database, fileOf, isPostgres, openDatabase } from "../connect.ts";
import { migrate } from "../migrate.ts";
import { type Sync, writeAtomically } from "./atomic-file.ts";
import { copyBook } from "./copy.ts";

/** What is in a backup. */
export interface Backup {
  sites: number;
  events: number;
  bytes: number;
}

type OnProgress = (done: number, all: number) => void;

/**
 * Copies the whole book of the database at this address, as it is at one moment, into a new SQLite file, on which
 * Sitebook can be started. Nobody who writes meanwhile waits for it. Throws CannotWrite where there is no place for the file.
 */
export function backup(db: Database, url: string, file: string, onProgress: OnProgress): Promise<Backup> {
  return writeAtomically(resolve(file), async (path, sync) => {
    await (isPostgres(db) ? copyRows(db, path, onProgress) : copyPages(fileOf(url), path, sync, onProgress));
    return finish(path);
  });
}

async function copyRows(source: Database, path: string, onProgress: OnProgress): Promise<void> {
  const target = openDatabase(`file:${path}`);
  try {
    await migrate(target);
    await copyBook(source, target, { onProgress });
  } finally {
    await target.destroy();
  }
}

/** 8 MB: small enough that its way to the disk keeps nobody waiting. */
const batchPages = 2000;

async function copyPages(source: string, path: string, sync: Sync, onProgress: OnProgress): Promise<void> {
  const book = new SQLite(source, { readonly: true, fileMustExist: true });
  try {
    // inside a transaction, whose moment is that of its first read: else each write of others would restart the copy
    book.exec("begin");
    const pages = pageCount(book);
    await book.backup(path, {
      progress: ({ totalPages, remainingPages }) => {
        sync();
        onProgress(totalPages - remainingPages, totalPages);
        return batchPages;
      },
    });
    // where another process holds the copy locked this ends early, without an error
    if (on(path, pageCount) !== pages) throw new Error("The copy is not complete.");
  } finally {
    book.close();
  }
}

/** Makes the copy a single file with nothing beside it, so that it can be read where nothing can be written. */
function finish(path: string): Backup {
  return on(path, (copy) => {
    copy.pragma("journal_mode = delete");
    return copy
      .prepare<[], Backup>(
        `select count(*) as sites, coalesce(sum(events), 0) as events,
          (select page_count * page_size from pragma_page_count, pragma_page_size) as bytes from sites`,
      )
      .get() as Backup;
  });
}

const pageCount = (handle: SQLite.Database) => handle.pragma("page_count", { simple: true });

function on<T>(path: string, work: (handle: SQLite.Database) => T): T {
  const handle = new SQLite(path);
  try {
    return work(handle);
  } finally {
    handle.close();
  }
}
