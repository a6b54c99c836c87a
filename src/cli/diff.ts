import { countOf } from "../text.ts";
import { connect, siteOption } from "./client.ts";
import { alignColumns, type Command, CommandError } from "./command.ts";

interface Difference {
  kind: string;
  key: string;
  change: "added" | "changed" | "removed";
  from: string | null;
  to: string | null;
}

export const diffCommand: Command = {
  help: `sitebook diff A B [--site SLUG]

Lists how B differs from A. Each is an environment, now or at a past moment:

  live                       now
  live~1                     before its last change; live~2 before the last two
  live#42                    just after deployment 42
  live@2026-03-03T14:00:00Z  at that time; also live@{2.days.ago}, live@{yesterday} or
                             live@{3 March 14:00}, in the site's time zone

The exit code is 0 whether or not they differ.`,
  options: siteOption,
  run: async ({ values, positionals }, io) => {
    const [from, to, ...more] = positionals;
    if (!from || !to || more.length) throw new CommandError("Name two environments, like sitebook diff demo live.");
    const api = await connect(values, io);
    const differences = await Array.fromAsync(api.list<Difference>("/compare", { from, to }));
    return { text: describe(differences, from, to), json: differences };
  },
};

function describe(differences: Difference[], from: string, to: string): string {
  if (!differences.length) return `No difference between ${from} and ${to}.`;
  const rows = differences.map(({ change, kind, key, from, to }) => [
    change,
    kind,
    key,
    change === "changed" ? `${from} → ${to}` : (to ?? from ?? ""),
  ]);
  return `${alignColumns(rows)}\n${countOf(differences.length, "difference")} from ${from} to ${to}.`;
}
