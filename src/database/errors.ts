/** Whether a write failed because the disk is full. SQLite has its own error if its shared-memory file does not fit. */
export function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return ["SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "53100"].includes(code);
}
