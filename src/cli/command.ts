import type { ParseArgsOptionsConfig } from "node:util";

/** What a command can use of the process around it. */
export interface Io {
  env: Record<string, string | undefined>;
  out: (text: string) => void;
  /** Resolves when standard output has taken what was written, so that large outputs do not pile up in memory. */
  drained: () => Promise<unknown>;
  /** For errors and progress, which are not part of the result. */
  err: (text: string) => void;
  /** Whether standard error is a terminal: progress is not drawn into a file. */
  interactive: boolean;
  /** All of standard input. */
  readStdin: () => Promise<Uint8Array>;
  /** Reads a password from standard input, with a prompt in a terminal. */
  readPassword: () => Promise<string>;
  fetch: (url: string, init: RequestInit) => Response | Promise<Response>;
  now: () => Date;
}

export type Values = Record<string, string | boolean | string[] | undefined>;

/** The result of a command, for people and for programs (`--json`). `no` makes the exit code 1. */
export interface CommandResult {
  text: string;
  json: unknown;
  no?: boolean;
}

export interface Command {
  /** Its synopsis, and what its parts mean. */
  help: string;
  options: ParseArgsOptionsConfig;
  /** Returns undefined if it has written its result already. */
  run: (args: { values: Values; positionals: string[] }, io: Io) => Promise<CommandResult | undefined>;
}

/** A command could not be carried out, which is not the same as a "no". The exit code is 2. */
export class CommandError extends Error {}

/** The value of a required option. Throws a CommandError if it is missing. */
export function requiredOption(values: Values, name: string): string {
  const value = values[name];
  if (typeof value !== "string" || !value.trim()) throw new CommandError(`--${name} is missing.`);
  return value;
}

export function option(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

/** A whole number from 0 on. Throws a CommandError if it is anything else. */
export function countOption(values: Values, name: string): number | undefined {
  const value = option(values, name);
  if (value !== undefined && !/^\d{1,9}$/.test(value))
    throw new CommandError(`--${name} needs a number, not "${value}".`);
  return value === undefined ? undefined : Number(value);
}

/** Calls `work` when it is first needed, and only then. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

/** Rows of cells as lines with aligned columns. */
export function alignColumns(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A moment in UTC as commands print it, to the minute. */
export const toMinute = (moment: string): string => `${moment.slice(0, 16).replace("T", " ")} UTC`;
