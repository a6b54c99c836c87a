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

What B holds otherwise than A. Each is an environment, or one at a past moment:

  live~1                     before its latest change, live~2 before the two latest
  live#42                    just after deployment 42
  live@2026-03-03T14:00:00Z  at a moment, or as people say it on the site's clock:
                             live@{2.days.ago}, live@{yesterday}, live@{3 March 14:00}

The exit code is 0 whether or not they differ.`,
  options: siteOption,
  run: async ({ values, positionals }, io) => {
    const [from, to, ...more] = positionals;
    if (!from || !to || more.length) throw new CommandError("Say two environments, like sitebook diff demo live.");
    const api = await connect(values, io);
    const differences = await Array.fromAsync(api.list<Difference>("/compare", { from, to }));
    return { text: described(differences, from, to), json: differences };
  },
};

function described(differences: Difference[], from: string, to: string): string {
  if (!differences.length) return `${from} and ${to} hold the same.`;
  const rows = differences.map((one) => [
    one.change,
    one.kind,
    one.key,
    one.change === "changed" ? `${one.from} → ${one.to}` : (one.to ?? one.from ?? ""),
  ]);
  return `${alignColumns(rows)}\n${countOf(differences.length, "difference")} from ${from} to ${to}.`;
}
