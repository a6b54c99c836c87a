import type { RecordedDeployment } from "../deployments/record.ts";
import { connect, siteOption } from "./client.ts";
import { type Command, CommandError, countOption, option } from "./command.ts";
import { sentence } from "./record.ts";

export const sameAsCommand: Command = {
  help: `sitebook same-as ENVIRONMENT FROM [--allow-removals NUMBER] [--key KEY] [--site SLUG]

Records what is on the environment FROM now as the complete baseline of ENVIRONMENT: no approval is needed, and it is not
out of band. Possible while nothing but baselines is recorded for ENVIRONMENT.

  --allow-removals NUMBER
                      how many it may remove at most, if there is a baseline already (see sitebook record --help)
  --key KEY           makes repeating the command harmless: the same key records only once`,
  options: { ...siteOption, "allow-removals": { type: "string" }, key: { type: "string" } },
  run: async ({ values, positionals }, io) => {
    const [environment, from, ...more] = positionals;
    if (!environment || !from || more.length)
      throw new CommandError("Name two environments, like sitebook same-as demo live.");
    const body = { from, allow_removals: countOption(values, "allow-removals") };
    const path = `/environments/${encodeURIComponent(environment)}/same-as`;
    const api = await connect(values, io);
    const json = await api.post<RecordedDeployment>(path, body, option(values, "key"));
    return { text: `${sentence(json, environment)} It is the same as ${from}.`, json };
  },
};
