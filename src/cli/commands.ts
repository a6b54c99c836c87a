import { parseArgs } from "node:util";
import { isDiskFull } from "../database/errors.ts";
import { Refusal } from "../errors.ts";
import { type Command, CommandError, type CommandResult, type Io } from "./command.ts";

/** A command is loaded only when it is called: not all of them need the database. */
const commands: Record<string, { summary: string; load: () => Promise<Command> }> = {
  setup: {
    summary: "create the first account, and a site or the example shop (on the database)",
    load: async () => (await import("./setup.ts")).setupCommand,
  },
  "token create": {
    summary: "create a token for a machine, and print it once (on the database)",
    load: async () => (await import("./token-create.ts")).tokenCreateCommand,
  },
  record: {
    summary: "record what was deployed to an environment",
    load: async () => (await import("./record.ts")).recordCommand,
  },
  import: {
    summary: "record a file of many deployments, each with its own time",
    load: async () => (await import("./import.ts")).importCommand,
  },
  "same-as": {
    summary: "record what is on another environment as the baseline of one",
    load: async () => (await import("./same-as.ts")).sameAsCommand,
  },
  log: { summary: "list the deployments of an environment", load: async () => (await import("./log.ts")).logCommand },
  diff: {
    summary: "compare two environments, now or at past moments",
    load: async () => (await import("./diff.ts")).diffCommand,
  },
  "can-promote": {
    summary: "check whether a release can be promoted to an environment",
    load: async () => (await import("./can-promote.ts")).canPromoteCommand,
  },
  rollback: {
    summary: "request the promotion that puts back what a completed one replaced",
    load: async () => (await import("./rollback.ts")).rollbackCommand,
  },
  comment: {
    summary: "comment on a promotion",
    load: async () => (await import("./comment.ts")).commentCommand,
  },
  "comment list": {
    summary: "list the comments on a promotion",
    load: async () => (await import("./comment.ts")).commentListCommand,
  },
  "delegation list": {
    summary: "list who decides on promotions for whom",
    load: async () => (await import("./delegation.ts")).delegationListCommand,
  },
  gate: {
    summary: "show what an environment asks of promotions, or change it",
    load: async () => (await import("./gate.ts")).gateCommand,
  },
  "without-gate": {
    summary: "list what was completed without its gate, and is to be reviewed",
    load: async () => (await import("./without-gate.ts")).withoutGateCommand,
  },
  freeze: {
    summary: "freeze an environment, so that no promotion to it is completed",
    load: async () => (await import("./freeze.ts")).freezeCommand,
  },
  "freeze list": {
    summary: "list the freezes of a site",
    load: async () => (await import("./freeze.ts")).freezeListCommand,
  },
  "freeze end": {
    summary: "end a freeze",
    load: async () => (await import("./freeze.ts")).freezeEndCommand,
  },
  verify: {
    summary: "check the chain of events, and the record against it (on the database)",
    load: async () => (await import("./verify.ts")).verifyCommand,
  },
  rebuild: {
    summary: "restore the record from the chain of events (on the database)",
    load: async () => (await import("./rebuild.ts")).rebuildCommand,
  },
  checkpoint: {
    summary: "sign the current state of the history, to be kept elsewhere (on the database)",
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
    summary: "export the history or an environment as CSV or JSON lines (on the database)",
    load: async () => (await import("./export.ts")).exportCommand,
  },
};

const nameWidth = Math.max(...Object.keys(commands).map((name) => name.length)) + 2;

const overview = `sitebook <command>

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(nameWidth)}${summary}`)
  .join("\n")}

sitebook <command> --help explains a command, and --json makes it answer in JSON. Commands on the database use the one
that DATABASE_URL names, also beside a running server. The others use the server at SITEBOOK_URL with the token in
SITEBOOK_TOKEN, and the site that --site or SITEBOOK_SITE names, or the token's only site.

The exit code is 0 for yes, 1 for no, and 2 if the command could not be carried out.`;

const common = {
  help: { type: "boolean", short: "h" },
  json: { type: "boolean" },
} as const;

/** Runs a command line and returns the exit code. */
export async function runCommandLine(words: string[], io: Io): Promise<number> {
  if (["--help", "-h", "help"].includes(words[0] ?? "")) return print(io, overview);
  const name = [words.slice(0, 2).join(" "), words[0] ?? ""].find((candidate) => Object.hasOwn(commands, candidate));
  const json = words.includes("--json");
  try {
    if (name === undefined) throw new CommandError(unknownCommand(words));
    const command = (await commands[name]?.load()) as Command;
    const { values, positionals } = parseOptions(command, name, words.slice(name.split(" ").length));
    if (values.help) return print(io, command.help);
    return printResult(await command.run({ values, positionals }, io), json, io);
  } catch (error) {
    return printError(error, json, io);
  }
}

function print(io: Io, text: string): number {
  io.out(`${text}\n`);
  return 0;
}

function unknownCommand(words: string[]): string {
  const names = Object.keys(commands).join(", ");
  return words[0] ? `Unknown command "${words[0]}". The commands are ${names}.` : `Name a command: ${names}.`;
}

function parseOptions(command: Command, name: string, args: string[]) {
  try {
    return parseArgs({ args, options: { ...common, ...command.options }, allowPositionals: true });
  } catch (error) {
    const [sentence = ""] = (error as Error).message.split(". ");
    throw new CommandError(`${sentence.replace(/\.$/, "")}. See sitebook ${name} --help.`);
  }
}

function printResult(result: CommandResult | undefined, json: boolean, io: Io): number {
  if (!result) return 0;
  const { text, json: value, no } = result;
  io.out(`${json ? JSON.stringify(value, null, 2) : text}\n`);
  return no ? 1 : 0;
}

/**
 * A refusal is a "no". A wrong argument, an unknown token or thing, or too many requests, means that the command could
 * not be carried out.
 */
function printError(error: unknown, json: boolean, io: Io): number {
  if (error instanceof Refusal) {
    const { status, message, code, errors, blockers } = error;
    if (json) io.out(`${JSON.stringify({ status, detail: message, code, errors, blockers }, null, 2)}\n`);
    io.err(
      `${[message, ...(errors.length > 1 || !message.includes(errors[0]?.message ?? "") ? errors.map(({ message }) => `  ${message}`) : [])].join("\n")}\n`,
    );
    return [401, 404, 429].includes(status) || isWrongArgument(error) ? 2 : 1;
  }
  io.err(`${sentenceFor(error)}\n`);
  return 2;
}

/** Whether all errors are about arguments: not about lines of a file, or what they record. */
function isWrongArgument({ status, code, errors }: Refusal): boolean {
  if (![400, 422].includes(status) || code || !errors.length) return false;
  return errors.every(({ path }) => !/^(\d+$|placements)/.test(path));
}

function sentenceFor(error: unknown): string {
  if (isDiskFull(error)) return "The disk is full, so nothing was recorded.";
  const sentence = error instanceof Error ? error.message : String(error);
  return error instanceof CommandError ? sentence : `This is a fault in Sitebook: ${sentence}`;
}
