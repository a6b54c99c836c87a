import { formatCount } from "../text.ts";
import type { Io } from "./command.ts";

const width = 30;

/** A progress bar on standard error in a terminal; elsewhere it draws nothing. */
export function progress(io: Io) {
  let shown = "";
  const show = (text: string) => {
    if (!io.interactive || text === shown) return;
    io.err(`\r${text.padEnd(shown.length)}`);
    shown = text;
  };
  return {
    update: (done: number, total: number) => {
      const share = total ? done / total : 1;
      const full = Math.round(share * width);
      const bar = "█".repeat(full) + "░".repeat(width - full);
      show(`${bar} ${Math.floor(share * 100)} % of ${formatCount(total)}`);
    },
    /** Removes the bar. */
    end: () => {
      if (shown) io.err(`\r${" ".repeat(shown.length)}\r`);
      shown = "";
    },
  };
}
