import { countOf, inPart } from "../text.ts";
import { connect, siteOption } from "./client.ts";
import { type Command, CommandError, option } from "./command.ts";

interface Preview {
  allowed: boolean;
  message: string | null;
  contents: {
    kind: string;
    key: string;
    current: string | null;
    restored: string | null;
    included: boolean;
    changed_since_by: { deployment: number; promotion: number | null }[];
  }[];
}

export const rollbackCommand: Command = {
  help: `sitebook rollback PROMOTION [--reason TEXT] [--only KEY…] [--key KEY] [--site SLUG]

Requests the promotion that puts back what a completed one replaced. Without --reason nothing is requested: it prints what
would be restored. The exit code is 1 if it cannot be rolled back.

  --reason TEXT  why it has to go back; approvers read it
  --only KEY     only this page or software item; can be given several times
  --key KEY      makes repeating the command harmless: the same key requests only once`,
  options: {
    ...siteOption,
    reason: { type: "string" },
    only: { type: "string", multiple: true },
    key: { type: "string" },
  },
  run: async ({ values, positionals }, io) => {
    const [number = ""] = positionals;
    if (!/^[1-9]\d{0,8}$/.test(number))
      throw new CommandError("Name the promotion by its number: sitebook rollback 12.");
    const api = await connect(values, io);
    const path = `/promotions/${number}/rollback`;
    const reason = option(values, "reason");
    const only = values.only as string[] | undefined;
    if (reason === undefined) {
      const preview = await api.get<Preview>(path);
      return { text: previewText(preview), json: preview, no: !preview.allowed };
    }
    const contents = only?.map((key) => ({ kind: key.startsWith("/") ? "page" : "software", key }));
    const json = await api.post<{ number: number; state: string; to: string; rollback_in_part: boolean }>(
      path,
      { reason, ...(contents && { contents }) },
      option(values, "key"),
    );
    const next = json.state === "approved" ? "It needs no approval: complete it." : "It is waiting for approval.";
    return {
      text: `Promotion ${json.number} requested: a rollback${inPart(json.rollback_in_part)} of promotion ${number} on ${json.to}. ${next}`,
      json,
    };
  },
};

function previewText({ message, contents }: Preview): string {
  const lines = contents
    .filter(({ included }) => included)
    .map(({ key, current, restored, changed_since_by }) => {
      const later = changed_since_by.map(({ deployment, promotion }) =>
        promotion ? `promotion ${promotion}` : `deployment ${deployment}`,
      );
      const since = later.length ? ` (changed since by ${later.join(", ")})` : "";
      return `  ${key}: ${current ?? "removed"} -> ${restored ?? "removed"}${since}`;
    });
  if (message !== null) return message;
  return [`A rollback would change ${countOf(lines.length, "line")}:`, ...lines, "Request it with --reason."].join(
    "\n",
  );
}
