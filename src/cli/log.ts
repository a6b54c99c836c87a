import { isRecordedLate } from "../time/recorded-late.ts";
import { connect, siteOption } from "./client.ts";
import { alignColumns, type Command, CommandError, option, toMinute } from "./command.ts";

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
  baseline: boolean;
  before_approval: boolean;
}

export const logCommand: Command = {
  help: `sitebook log ENVIRONMENT [--since MOMENT] [--until MOMENT] [--limit NUMBER] [--site SLUG]

Lists the deployments of an environment, newest first by when they happened: 20, or as many as --limit says (at most
1000). ENVIRONMENT can be at a past moment, such as live~1, live#42 or live@{yesterday} (see sitebook diff --help): then
later deployments are left out. Write a MOMENT like 2026-03-03T14:00:00Z, or "3 March 14:00" in the site's time
zone. A day given as --until is included.`,
  options: {
    ...siteOption,
    since: { type: "string" },
    until: { type: "string" },
    limit: { type: "string", default: "20" },
  },
  run: async ({ values, positionals }, io) => {
    const [environment, ...more] = positionals;
    if (!environment || more.length) throw new CommandError("Name one environment, like sitebook log live.");
    const api = await connect(values, io);
    const [since, until, limit] = [option(values, "since"), option(values, "until"), option(values, "limit")];
    const { items } = await api.get<{ items: Deployment[] }>("/deployments", { environment, since, until, limit });
    return {
      text: items.length ? alignColumns(items.map(row)) : `Nothing was recorded on ${environment}.`,
      json: items,
    };
  },
};

function row(deployment: Deployment): string[] {
  const { number, effective_at, recorded_at, person, promotion, changed, unchanged, note } = deployment;
  const { out_of_band, baseline, before_approval } = deployment;
  const remarks = [
    promotion !== null && `promotion ${promotion}`,
    baseline && "baseline",
    out_of_band > 0 && `${out_of_band} out of band`,
    before_approval && "there before approval",
    isRecordedLate(deployment) && `recorded ${toMinute(recorded_at)}`,
    note?.replace(/\s+/g, " "),
  ].filter(Boolean);
  const counts = `${changed} changed${unchanged ? `, ${unchanged} unchanged` : ""}`;
  return [`#${number}`, toMinute(effective_at), person, counts, remarks.join("; ")];
}
