import { countOf, joinWithAnd } from "../text.ts";
import { connect, siteOption } from "./client.ts";
import { alignColumns, type Command, CommandError } from "./command.ts";

interface Difference {
  kind: string;
  key: string;
  change: "added" | "changed" | "removed" | "missing" | "unknown";
  promotion?: "new" | "changed" | "removed" | null;
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

From an environment to the next it lists what a promotion would change there: new,
changed, removed. Otherwise: added, changed, removed, missing (B never had it), or unknown
(nothing was recorded of it in the earlier environment, though the later one has it).

The exit code is 0 whether or not they differ, and 2 if nothing is recorded for one of
them, since the comparison is unknown then.`,
  options: siteOption,
  run: async ({ values, positionals }, io) => {
    const [from, to, ...more] = positionals;
    if (!from || !to || more.length) throw new CommandError("Name two environments, like sitebook diff demo live.");
    const api = await connect(values, io);
    const { unknown } = await api.get<{ unknown: ("from" | "to")[] }>("/compare", { from, to, limit: 1 });
    if (unknown.length) throw new CommandError(whyUnknown(unknown.map((side) => ({ from, to })[side])));
    const differences = await Array.fromAsync(api.list<Difference>("/compare", { from, to }));
    return { text: describe(differences, from, to), json: differences };
  },
};

function describe(differences: Difference[], from: string, to: string): string {
  if (!differences.length) return `No difference between ${from} and ${to}.`;
  const rows = differences.map(({ change, promotion, kind, key, from, to }) => [
    promotion ?? change,
    kind,
    key,
    change === "changed" ? `${from} → ${to}` : (to ?? from ?? ""),
  ]);
  const unknown = differences.filter(({ change }) => change === "unknown").length;
  const known = countOf(differences.length - unknown, "difference");
  return `${alignColumns(rows)}\n${known} from ${from} to ${to}${unknown ? `, ${unknown} unknown` : ""}.`;
}

const whyUnknown = (sides: string[]): string =>
  `Nothing was recorded for ${joinWithAnd([...new Set(sides)])} by then, so what differs is unknown.`;
