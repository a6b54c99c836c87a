import { countOf } from "../text.ts";
import { connect, siteOption } from "./client.ts";
import { alignColumns, type Command, toMinute } from "./command.ts";

interface Forced {
  number: number;
  name: string;
  to: string;
  completion: {
    person: string;
    completed_at: string;
    forced: { reason: string; passed_over: { message: string }[]; review: { person: string } | null };
  };
}

export const withoutGateCommand: Command = {
  help: `sitebook without-gate [--open] [--site SLUG]

Lists the promotions that were completed without their gate, newest first, with the reason and who has reviewed it.
A person reviews them on the page; a token cannot.

  --open  only those that nobody has reviewed yet`,
  options: { ...siteOption, open: { type: "boolean" } },
  run: async ({ values }, io) => {
    const api = await connect(values, io);
    const items: Forced[] = [];
    for await (const item of api.list<Forced>("/forced-completions", { open: values.open ? "true" : undefined }))
      items.push(item);
    const none = values.open ? "Nothing is to be reviewed." : "Nothing was completed without its gate.";
    return { text: items.length ? alignColumns(items.map(row)) : none, json: items };
  },
};

const row = ({ number, name, to, completion: { person, completed_at, forced } }: Forced): string[] => [
  `#${number}`,
  `${name} on ${to}`,
  toMinute(completed_at),
  person,
  forced.review ? `reviewed by ${forced.review.person}` : "to be reviewed",
  `${countOf(forced.passed_over.length, "blocker")}; ${forced.reason.replace(/\s+/g, " ")}`,
];
