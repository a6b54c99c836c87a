import { actorWithoutSite } from "../access/actor.ts";
import { createExample } from "../example/example.ts";
import { setUp } from "../setup/setup.ts";
import { type Command, option, requiredOption } from "./command.ts";
import { onDatabase } from "./database.ts";

export const setupCommand: Command = {
  help: `sitebook setup --email ADDRESS --name NAME [--site SLUG] [--example]

Makes the first account, which administers what it makes. Its password is read from standard input.

  --site SLUG   also makes this site, with beta, demo and live
  --example     also makes the example shop: three months of history, and an account for each role, such as
                marketing@example.test, with the same password`,
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
      const sites = [slug, example].filter((one) => one !== undefined);
      return { text: sentence(person.email ?? email, sites, Boolean(example)), json: { email: person.email, sites } };
    });
  },
};

function sentence(email: string, sites: string[], example: boolean): string {
  const made = [`The account ${email} is made${sites.length ? `, and administers ${sites.join(" and ")}` : ""}.`];
  if (example) made.push("The example's accounts, such as marketing@example.test, have the same password.");
  return made.join(" ");
}
