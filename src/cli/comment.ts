import { connect, siteOption } from "./client.ts";
import { alignColumns, type Command, CommandError, option, toMinute } from "./command.ts";

interface Comment {
  person: string;
  comment: string;
  mentioned: string[];
  commented_at: string;
}

export const commentCommand: Command = {
  help: `sitebook comment PROMOTION TEXT [--key KEY] [--site SLUG]

Comments on a promotion, before or after its decision. @ and the name of a person of the site mentions them.

  --key KEY  makes repeating the command harmless: the same key comments only once`,
  options: { ...siteOption, key: { type: "string" } },
  run: async ({ values, positionals }, io) => {
    const [number, comment, ...more] = positionals;
    if (comment === undefined || more.length)
      throw new CommandError('Name the promotion, and put the comment in quotes: sitebook comment 12 "Looks good".');
    const path = commentsOf(number);
    const api = await connect(values, io);
    const json = await api.post<Comment>(path, { comment }, option(values, "key"));
    const mentioned = json.mentioned.length ? ` It mentions ${json.mentioned.join(", ")}.` : "";
    return { text: `Commented on promotion ${number}.${mentioned}`, json };
  },
};

export const commentListCommand: Command = {
  help: `sitebook comment list PROMOTION [--site SLUG]

Lists the comments on a promotion, oldest first.`,
  options: siteOption,
  run: async ({ values, positionals: [number, ...more] }, io) => {
    if (more.length) throw new CommandError("Name one promotion, like sitebook comment list 12.");
    const path = commentsOf(number);
    const api = await connect(values, io);
    const items = await Array.fromAsync(api.list<Comment>(path));
    return { text: items.length ? alignColumns(items.map(row)) : "No comments.", json: items };
  },
};

function commentsOf(number = ""): string {
  if (!/^[1-9]\d{0,8}$/.test(number)) throw new CommandError("Name the promotion by its number, like 12.");
  return `/promotions/${number}/comments`;
}

const row = ({ person, comment, commented_at }: Comment): string[] => [
  toMinute(commented_at),
  person,
  comment.replace(/\s+/g, " "),
];
