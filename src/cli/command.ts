import type { ParseArgsOptionsConfig } from "node:util";

/** What a command can reach of the world around it. */
export interface Io {
  env: Record<string, string | undefined>;
  out: (text: string) => void;
  /** Waits until standard output has taken what was said, so that much of it does not pile up. */
  drained: () => Promise<unknown>;
  /** For what is not the answer: sentences about what went wrong, progress. */
  err: (text: string) => void;
  /** Where standard error is read by a person: there is no sense in drawing progress into a file. */
  watched: boolean;
  /** All of standard input. */
  read: () => Promise<string>;
  /** A secret from standard input, asked for where a person sits there. */
  readPassword: () => Promise<string>;
  fetch: (url: string, init: RequestInit) => Response | Promise<Response>;
  now: () => Date;
}

export type Values = Record<string, string | boolean | string[] | undefined>;

/** What a command answers: for people, and for programs (`--json`). `no` makes the exit code 1. */
export interface CommandResult {
  text: string;
  json: unknown;
  no?: boolean;
}

export interface Command {
  /** How it is called, and what its parts mean. */
  help: string;
  options: ParseArgsOptionsConfig;
  /** Nothing: it has said all there is to say. */
  run: (given: { values: Values; positionals: string[] }, io: Io) => Promise<CommandResult | undefined>;
}

/** It could not be asked or carried out at all, which is not the same as a "no": exit code 2. */
export class CommandError extends Error {}

/** The text given for an option that has to be there. */
export function requiredOption(values: Values, name: string): string {
  const value = values[name];
  if (typeof value !== "string" || !value.trim()) throw new CommandError(`Say --${name}.`);
  return value;
}

export function option(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

/** Rows of cells as lines whose columns stand below each other. */
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
