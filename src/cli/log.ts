import { connect, siteOption } from "./client.ts";
import { alignColumns, type Command, CommandError, option } from "./command.ts";

interface Deployment {
  number: number;
  effective_at: string;
  recorded_at: string;
  person: string;
  promotion: number | null;
  note: string | null;
  changed: number;
  unchanged: number;
  out_of_band: number;
}

export const logCommand: Command = {
  help: `sitebook log ENVIRONMENT [--since MOMENT] [--until MOMENT] [--limit NUMBER] [--site SLUG]

The environment's deployments, newest first by when they took effect: 20, or as many as --limit says (at most 1000).
For an environment at a moment, such as live~1, live#42 or live@{yesterday}, those that led there (see diff --help).
A moment is written like 2026-03-03T14:00:00Z.`,
  options: {
    ...siteOption,
    since: { type: "string" },
    until: { type: "string" },
    limit: { type: "string", default: "20" },
  },
  run: async ({ values, positionals }, io) => {
    const [environment, ...more] = positionals;
    if (!environment || more.length) throw new CommandError("Say one environment, like sitebook log live.");
    const api = await connect(values, io);
    const [since, until, limit] = [option(values, "since"), option(values, "until"), option(values, "limit")];
    const { items } = await api.get<{ items: Deployment[] }>("/deployments", { environment, since, until, limit });
    return {
      text: items.length ? alignColumns(items.map(row)) : `Nothing was recorded on ${environment}.`,
      json: items,
    };
  },
};

const minute = (moment: string) => `${moment.slice(0, 16).replace("T", " ")} UTC`;
const anHour = 60 * 60 * 1000;

function row(one: Deployment): string[] {
  const late = Date.parse(one.recorded_at) - Date.parse(one.effective_at) > anHour;
  const remarks = [
    one.promotion !== null && `promotion ${one.promotion}`,
    one.out_of_band > 0 && `${one.out_of_band} out of band`,
    late && `told ${minute(one.recorded_at)}`,
    one.note?.replace(/\s+/g, " "),
  ].filter(Boolean);
  const what = `${one.changed} changed${one.unchanged ? `, ${one.unchanged} unchanged` : ""}`;
  return [`#${one.number}`, minute(one.effective_at), one.person, what, remarks.join("; ")];
}
