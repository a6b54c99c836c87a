import type { Blocker } from "../errors.ts";
import { connect, siteOption } from "./client.ts";
import { type Command, requiredOption } from "./command.ts";

export const canPromoteCommand: Command = {
  help: `sitebook can-promote --release NUMBER --to ENVIRONMENT [--site SLUG]

Checks whether a release can be promoted to an environment now. If not, all blockers are named, and the exit code is 1.`,
  options: { ...siteOption, release: { type: "string" }, to: { type: "string" } },
  run: async ({ values }, io) => {
    const request = { release: requiredOption(values, "release"), to: requiredOption(values, "to") };
    const api = await connect(values, io);
    const json = await api.get<{ allowed: boolean; blockers: Blocker[] }>("/can-promote", request);
    const reasons = json.blockers.map(({ message }) => message);
    const text = json.allowed
      ? `Yes. Nothing is blocking release ${request.release} from ${request.to}.`
      : ["No.", ...reasons].join("\n");
    return { text, json, no: !json.allowed };
  },
};
