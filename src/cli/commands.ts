import { parseArgs } from "node:util";
import { isDiskFull } from "../database/errors.ts";
import { Refusal } from "../errors.ts";
import { type Command, CommandError, type CommandResult, type Io } from "./command.ts";

/** What there is. A command is loaded only when it is called: not all of them need the database. */
const commands: Record<string, { summary: string; load: () => Promise<Command> }> = {
  setup: {
    summary: "make the first account, and a site or the example shop (on the database)",
    load: async () => (await import("./setup.ts")).setupCommand,
  },
  "token create": {
    summary: "make a token for a machine, and print it once (on the database)",
    load: async () => (await import("./token-create.ts")).tokenCreateCommand,
  },
  record: {
    summary: "record what stands in an environment",
    load: async () => (await import("./record.ts")).recordCommand,
  },
  import: {
    summary: "record a file of many deployments with their own times",
    load: async () => (await import("./import.ts")).importCommand,
  },
  log: { summary: "the deployments of an environment", load: async () => (await import("./log.ts")).logCommand },
  diff: {
    summary: "what differs between two environments, now or at past moments",
    load: async () => (await import("./diff.ts")).diffCommand,
  },
  "can-promote": {
    summary: "whether a release may go to an environment, and all that stands in its way",
    load: async () => (await import("./can-promote.ts")).canPromoteCommand,
  },
  verify: {
    summary: "check the chain of events, and the record against it (on the database)",
    load: async () => (await import("./verify.ts")).verifyCommand,
  },
  rebuild: {
    summary: "make the record anew from the chain of events (on the database)",
    load: async () => (await import("./rebuild.ts")).rebuildCommand,
  },
  checkpoint: {
    summary: "sign how far the history has come, to be kept elsewhere (on the database)",
    load: async () => (await import("./checkpoint.ts")).checkpointCommand,
  },
  backup: {
    summary: "copy the whole book into a new SQLite file (on the database)",
    load: async () => (await import("./backup.ts")).backupCommand,
  },
  copy: {
    summary: "copy the whole book into an empty database of either engine (on the database)",
    load: async () => (await import("./copy.ts")).copyCommand,
  },
  export: {
    summary: "take the history or an environment away as CSV or JSON lines (on the database)",
    load: async () => (await import("./export.ts")).exportCommand,
  },
};

const overview = `sitebook <command>

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`)
  .join("\n")}

sitebook <command> --help says more, and with --json each answers in JSON. Those on the database work on the one that
DATABASE_URL names, also beside a running server. The others ask the server at SITEBOOK_URL with the token in
SITEBOOK_TOKEN, for the site that --site or SITEBOOK_SITE names, or the token's only one.

The exit code is 0 for yes, 1 for no, and 2 where it could not be asked or done.`;

const common = {
  help: { type: "boolean", short: "h" },
  json: { type: "boolean" },
} as const;

/** Carries out a command line and answers the exit code. */
export async function runCommandLine(words: string[], io: Io): Promise<number> {
  if (["--help", "-h", "help"].includes(words[0] ?? "")) return say(io, overview);
  const name = [words.slice(0, 2).join(" "), words[0] ?? ""].find((one) => Object.hasOwn(commands, one));
  const json = words.includes("--json");
  try {
    if (name === undefined) throw new CommandError(unknown(words));
    const command = (await commands[name]?.load()) as Command;
    const { values, positionals } = parsed(command, name, words.slice(name.split(" ").length));
    if (values.help) return say(io, command.help);
    return answered(await command.run({ values, positionals }, io), json, io);
  } catch (error) {
    return failed(error, json, io);
  }
}

function say(io: Io, text: string): number {
  io.out(`${text}\n`);
  return 0;
}

function unknown(words: string[]): string {
  const names = Object.keys(commands).join(", ");
  return words[0] ? `There is no command "${words[0]}". There are: ${names}.` : `Say what to do: ${names}.`;
}

function parsed(command: Command, name: string, args: string[]) {
  try {
    return parseArgs({ args, options: { ...common, ...command.options }, allowPositionals: true });
  } catch (error) {
    const [sentence = ""] = (error as Error).message.split(". ");
    throw new CommandError(`${sentence.replace(/\.$/, "")}. See sitebook ${name} --help.`);
  }
}

function answered(answer: CommandResult | undefined, json: boolean, io: Io): number {
  if (!answer) return 0;
  const { text, json: value, no } = answer;
  io.out(`${json ? JSON.stringify(value, null, 2) : text}\n`);
  return no ? 1 : 0;
}

/** A refusal is a "no", with its reasons; what is not there, or not for this token, cannot be asked about. */
function failed(error: unknown, json: boolean, io: Io): number {
  if (error instanceof Refusal) {
    const { status, message, errors, blockers } = error;
    if (json) io.out(`${JSON.stringify({ status, detail: message, errors, blockers }, null, 2)}\n`);
    io.err(`${[message, ...(errors.length > 1 ? errors.map((one) => `  ${one.message}`) : [])].join("\n")}\n`);
    return [401, 404, 429].includes(status) ? 2 : 1;
  }
  io.err(`${whyNot(error)}\n`);
  return 2;
}

function whyNot(error: unknown): string {
  if (isDiskFull(error)) return "The disk is full, so nothing was recorded.";
  const sentence = error instanceof Error ? error.message : String(error);
  return error instanceof CommandError ? sentence : `This is a fault in Sitebook: ${sentence}`;
}
