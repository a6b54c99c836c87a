import { connect, siteOption } from "./client.ts";
import { alignColumns, type Command, toMinute } from "./command.ts";

interface Delegation {
  person: string;
  substitute: string;
  role: string;
  from: string;
  until: string;
  ended_at: string | null;
}

export const delegationListCommand: Command = {
  help: `sitebook delegation list [--site SLUG]

Lists who decides on promotions for whom, the latest first. People name their substitutes on the page of the site.`,
  options: siteOption,
  run: async ({ values }, io) => {
    const api = await connect(values, io);
    const { items } = await api.get<{ items: Delegation[] }>("/delegations");
    return { text: items.length ? alignColumns(items.map(row)) : "Nobody has named a substitute.", json: items };
  },
};

const row = ({ person, substitute, role, from, until, ended_at }: Delegation): string[] => [
  `${substitute} for ${person}`,
  role,
  `from ${toMinute(from)} until ${toMinute(ended_at ?? until)}${ended_at ? ", ended early" : ""}`,
];
