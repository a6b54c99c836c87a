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

/** In rows for PostgreSQL, in pages for SQLite. */
type OnProgress = (done: number, total: number) => void;

/**
 * Copies the whole book, as it is at one moment, into a new SQLite file, with which Sitebook can be started. Other
 * writers need not wait for it. Throws CannotWrite if the file exists already, or cannot be written.
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

/** 8 MB: few enough that flushing them to the disk keeps nobody waiting. */
const batchPages = 2000;

async function copyPages(source: string, path: string, sync: Sync, onProgress: OnProgress): Promise<void> {
  const book = new SQLite(source, { readonly: true, fileMustExist: true });
  try {
    // in a transaction, which sees the moment of its first read; without it each write of another handle restarts the copy
    book.exec("begin");
    const pages = pageCount(book);
    await book.backup(path, {
      progress: ({ totalPages, remainingPages }) => {
        sync();
        onProgress(totalPages - remainingPages, totalPages);
        return batchPages;
      },
    });
    // if another process has locked the copy, it ends early and without an error
    if (withHandle(path, pageCount) !== pages) throw new Error("The copy is not complete.");
  } finally {
    book.close();
  }
}

/** Makes the copy a single file, without a `-wal` or `-shm` beside it, so that it can be read from a read-only folder. */
function finish(path: string): Backup {
  return withHandle(path, (copy) => {
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

function withHandle<T>(path: string, work: (handle: SQLite.Database) => T): T {
  const handle = new SQLite(path);
  try {
    return work(handle);
  } finally {
    handle.close();
  }
}
