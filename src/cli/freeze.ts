import { connect, siteOption } from "./client.ts";
import { alignColumns, type Command, CommandError, option, requiredOption, toMinute } from "./command.ts";

interface Freeze {
  number: number;
  environment: string;
  state: string;
  reason: string;
  recurrence: string | null;
  window: { from: string; until: string | null } | null;
  from: string;
  until: string | null;
  person: string;
}

export const freezeCommand: Command = {
  help: `sitebook freeze ENVIRONMENT --reason TEXT [--from MOMENT] [--until MOMENT] [--rrule RULE] [--site SLUG]

Freezes an environment: no promotion to it can be completed meanwhile. Without --from it starts now, and without --until
it lasts until somebody ends it. Write a MOMENT like 2026-12-24T22:00:00Z, or "2026-12-24 22:00" in the site's time
zone. A day given as --until is included. RULE is an RFC 5545 recurrence rule on the site's clock, such as
"FREQ=WEEKLY;BYDAY=FR;UNTIL=20261231", with UNTIL or COUNT; --from and --until are then its first window.`,
  options: {
    ...siteOption,
    reason: { type: "string" },
    from: { type: "string" },
    until: { type: "string" },
    rrule: { type: "string" },
  },
  run: async ({ values, positionals }, io) => {
    const [environment, ...more] = positionals;
    if (!environment || more.length) throw new CommandError("Name one environment, like sitebook freeze live.");
    const api = await connect(values, io);
    const json = await api.post<Freeze>("/freezes", {
      environment,
      reason: requiredOption(values, "reason"),
      from: option(values, "from"),
      until: option(values, "until"),
      recurrence: option(values, "rrule"),
    });
    return { text: `Freeze ${json.number} set: ${environment} ${times(json)}.`, json };
  },
};

export const freezeListCommand: Command = {
  help: `sitebook freeze list [--environment ENVIRONMENT] [--site SLUG]

Lists the freezes of a site, newest first, each with its present or next window.`,
  options: { ...siteOption, environment: { type: "string" } },
  run: async ({ values }, io) => {
    const api = await connect(values, io);
    const items = await Array.fromAsync(api.list<Freeze>("/freezes", { environment: option(values, "environment") }));
    return { text: items.length ? alignColumns(items.map(row)) : "No freezes.", json: items };
  },
};

export const freezeEndCommand: Command = {
  help: `sitebook freeze end NUMBER --reason TEXT [--site SLUG]

Ends a freeze, with all its windows to come.`,
  options: { ...siteOption, reason: { type: "string" } },
  run: async ({ values, positionals }, io) => {
    const [number = "", ...more] = positionals;
    if (!/^[1-9]\d{0,8}$/.test(number) || more.length)
      throw new CommandError("Name one freeze by its number, like sitebook freeze end 3.");
    const api = await connect(values, io);
    const json = await api.post<Freeze>(`/freezes/${number}/end`, { reason: requiredOption(values, "reason") });
    return { text: `Freeze ${number} of ${json.environment} ended.`, json };
  },
};

function times({ from, until, window, recurrence }: Freeze): string {
  const shown = window ?? { from, until };
  const rule = recurrence ? `, recurs by ${recurrence}` : "";
  return `from ${toMinute(shown.from)} until ${shown.until ? toMinute(shown.until) : "somebody ends it"}${rule}`;
}

const row = (freeze: Freeze): string[] => [
  `#${freeze.number}`,
  freeze.environment,
  freeze.state,
  times(freeze),
  freeze.person,
  freeze.reason.replace(/\s+/g, " "),
];
