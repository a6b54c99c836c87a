import { formatCount } from "../text.ts";
import type { Io } from "./command.ts";

const width = 30;

/** A line on standard error that is drawn again as things go on, where a person watches; else nothing. */
export function progress(io: Io) {
  let shown = "";
  const show = (text: string) => {
    if (!io.watched || text === shown) return;
    io.err(`\r${text.padEnd(shown.length)}`);
    shown = text;
  };
  return {
    at: (done: number, all: number) => {
      const share = all ? done / all : 1;
      const full = Math.round(share * width);
      const bar = "█".repeat(full) + "░".repeat(width - full);
      show(`${bar} ${Math.floor(share * 100)} % of ${formatCount(all)}`);
    },
    /** Takes the line away again. */
    end: () => {
      if (shown) io.err(`\r${" ".repeat(shown.length)}\r`);
      shown = "";
    },
  };
}
