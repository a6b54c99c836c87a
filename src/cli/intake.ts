import { createReadStream } from "node:fs";
import type { IntakeContext } from "../intake/lines.ts";
import { Notices } from "../intake/notices.ts";
import { type Bytes, notUtf8, type TextLine, textLines, windows1252 } from "../intake/text-lines.ts";
import type { Api } from "./client.ts";
import { CommandError, type Io, once, option, type Values } from "./command.ts";

export const encodingOption = { encoding: { type: "string" } } as const;

/** The encoding that the user vouches for. Throws a CommandError if it is neither UTF-8 nor Windows-1252. */
function encodingOf(values: Values): typeof windows1252 | undefined {
  const name = option(values, "encoding")?.toLowerCase();
  if (name === windows1252) return windows1252;
  if (name !== undefined && name !== "utf-8")
    throw new CommandError(`Unknown encoding "${name.slice(0, 60)}". Use windows-1252, or save the file in UTF-8.`);
}

/** The lines of a file or of standard input. Throws a CommandError if the file cannot be read. */
export async function* linesIn(source: string | Bytes, values: Values): AsyncGenerator<TextLine> {
  const bytes = typeof source === "string" ? createReadStream(source) : source;
  try {
    for await (const line of textLines(bytes, encodingOf(values)))
      yield line.wrong === notUtf8 ? { ...line, wrong: `${notUtf8} ${howToConvert}` } : line;
  } catch (error) {
    if (typeof source !== "string" || !(error as NodeJS.ErrnoException).syscall) throw error;
    throw new CommandError(`${source} cannot be read: ${(error as Error).message}.`);
  }
}

const howToConvert = "Save the file in UTF-8, or add --encoding windows-1252 if it is.";

/** Asks for the environment's servers only if there is an address among the lines. */
export function intakeContext(environment: string, api: () => Promise<Api>): IntakeContext {
  return { baseUrls: once(() => baseUrlsOf(environment, api)), notices: new Notices() };
}

async function baseUrlsOf(environment: string, api: () => Promise<Api>): Promise<string[]> {
  const { items } = await (await api()).get<{ items: { slug: string; servers: { base_url: string }[] }[] }>(
    "/environments",
  );
  return items.find(({ slug }) => slug === environment)?.servers.map((server) => server.base_url) ?? [];
}

/** Beside the result, which a program may read. */
export function printNotices({ notices }: IntakeContext, io: Io): void {
  for (const sentence of notices.sentences()) io.err(`${sentence}\n`);
}
