import type { Blocker } from "../errors.ts";
import { connect, siteOption } from "./client.ts";
import { type Command, requiredOption } from "./command.ts";

export const canPromoteCommand: Command = {
  help: `sitebook can-promote --release NUMBER --to ENVIRONMENT [--site SLUG]

Whether the release may go there now. If not, the exit code is 1, and everything that stands in its way is named.`,
  options: { ...siteOption, release: { type: "string" }, to: { type: "string" } },
  run: async ({ values }, io) => {
    const wish = { release: requiredOption(values, "release"), to: requiredOption(values, "to") };
    const api = await connect(values, io);
    const json = await api.get<{ allowed: boolean; blockers: Blocker[] }>("/can-promote", wish);
    const reasons = json.blockers.map((one) => one.message);
    const text = json.allowed
      ? `Yes: nothing stands in the way of release ${wish.release} to ${wish.to}.`
      : ["No.", ...reasons].join("\n");
    return { text, json, no: !json.allowed };
  },
};
