import { actorWithoutSite } from "../access/actor.ts";
import { createExample } from "../example/example.ts";
import { setUp } from "../setup/setup.ts";
import { type Command, option, requiredOption } from "./command.ts";
import { onDatabase } from "./database.ts";

export const setupCommand: Command = {
  help: `sitebook setup --email ADDRESS --name NAME [--site SLUG] [--example]

Creates the first account, an administrator of the sites that this command creates. Its password is read from standard
input.

  --site SLUG   also creates this site, with beta, demo and live
  --example     also creates the example shop: three months of history, and people in every role, such as Priya
                Shah of Marketing (priya@example.test), with the same password`,
  options: {
    email: { type: "string" },
    name: { type: "string" },
    site: { type: "string" },
    example: { type: "boolean" },
  },
  run: async ({ values }, io) => {
    const [email, name, slug] = [
      requiredOption(values, "email"),
      requiredOption(values, "name"),
      option(values, "site"),
    ];
    const password = await io.readPassword();
    const at = io.now().toISOString();
    const time_zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    return onDatabase(io.env, async (db) => {
      const site = slug === undefined ? undefined : { slug, name: slug, time_zone };
      const { person } = await setUp(db, { email, name, password, site, at });
      const example = values.example ? (await createExample(db, actorWithoutSite(person, at))).slug : undefined;
      const sites = [slug, example].filter((site) => site !== undefined);
      return { text: sentence(person.email ?? email, sites, Boolean(example)), json: { email: person.email, sites } };
    });
  },
};

const exampleSignIn =
  "The example's people, such as Priya Shah of Marketing (priya@example.test), can sign in with the same password.";

function sentence(email: string, sites: string[], example: boolean): string {
  const role = sites.length ? `, as an administrator of ${sites.join(" and ")}` : "";
  const sentences = [`Account ${email} created${role}.`];
  if (example) sentences.push(exampleSignIn);
  return sentences.join(" ");
}
