/** Whether there was no room for what was to be written. SQLite has a word of its own for where its shared memory does not fit. */
export function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return ["SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "53100"].includes(code);
}
