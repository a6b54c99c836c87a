import { readFile } from "node:fs/promises";
import { connect, siteOption } from "./client.ts";
import { type Command, CommandError, type Io, option, requiredOption } from "./command.ts";

interface GateJson {
  version: number;
  sentence: string;
  warnings: string[];
}

export const gateCommand: Command = {
  help: `sitebook gate ENVIRONMENT [--site SLUG]
sitebook gate ENVIRONMENT --set FILE --reason TEXT [--key KEY] [--site SLUG]

Shows what the environment asks of promotions into it, in words, and what nobody could meet of it. --json prints the rules.

  --set FILE    gives the environment a new gate, from a file with the rules in JSON; - reads standard input. Rules that are
                left out get their default. What --json printed can be edited and set; if somebody else has changed the gate
                since, that is refused.
  --reason TEXT why, for the history
  --key KEY     makes repeating the command harmless: the same key changes the gate only once`,
  options: {
    ...siteOption,
    set: { type: "string" },
    reason: { type: "string" },
    key: { type: "string" },
  },
  run: async ({ values, positionals }, io) => {
    const [environment, ...more] = positionals;
    if (!environment || more.length) throw new CommandError("Name one environment, like sitebook gate live.");
    const path = `/environments/${encodeURIComponent(environment)}/gate`;
    const file = option(values, "set");
    const api = await connect(values, io);
    if (file === undefined) {
      const json = await api.get<GateJson>(path);
      return { text: inWords(environment, json), json };
    }
    const rules = await readRules(file, io);
    const body = { ...rules, reason: requiredOption(values, "reason") };
    const json = await api.put<GateJson>(path, body, option(values, "key"));
    return { text: inWords(environment, json), json };
  },
};

/** "Gate of live, version 2" with its sentences and warnings */
function inWords(environment: string, { version, sentence, warnings }: GateJson): string {
  const title = version ? `Gate of ${environment}, version ${version}` : `${environment} has no gate`;
  return [`${title}:`, sentence, ...warnings.map((warning) => `Warning: ${warning}`)].join("\n");
}

/** The rules in a file, without what is only shown. Throws a CommandError if it cannot be read. */
async function readRules(file: string, io: Io): Promise<object> {
  const text = await readText(file, io);
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== "object" || json === null || Array.isArray(json)) throw new Error("it is not an object");
    const { sentence: _sentence, warnings: _warnings, ...rules } = json as Record<string, unknown>;
    return rules;
  } catch (error) {
    throw new CommandError(
      `${file === "-" ? "Standard input" : file} has no gate in JSON: ${(error as Error).message}.`,
    );
  }
}

async function readText(file: string, io: Io): Promise<string> {
  if (file === "-") return Buffer.from(await io.readStdin()).toString("utf8");
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}.`);
  }
}
