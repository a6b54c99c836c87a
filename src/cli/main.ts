import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { runCommandLine } from "./commands.ts";

/** Asks without showing what is typed. */
async function askPassword(): Promise<string> {
  process.stderr.write("Password: ");
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const asking = createInterface({ input: process.stdin, output: silence, terminal: true });
  const answer = await asking.question("");
  asking.close();
  process.stderr.write("\n");
  return answer;
}

// whoever reads may stop early, as `head` does
process.stdout.on("error", () => process.exit(0));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  out: (words) => process.stdout.write(words),
  drained: async () => process.stdout.writableNeedDrain && once(process.stdout, "drain"),
  err: (words) => process.stderr.write(words),
  watched: process.stderr.isTTY,
  read: () => text(process.stdin),
  readPassword: async () => (process.stdin.isTTY ? askPassword() : (await text(process.stdin)).replace(/\r?\n$/, "")),
  fetch,
  now: () => new Date(),
});
