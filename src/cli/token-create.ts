import type { Actor, Person } from "../access/actor.ts";
import { findSite } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { notFound } from "../errors.ts";
import { createToken } from "../people/tokens.ts";
import { validDate } from "../time/calendar.ts";
import { endOfDay } from "../time/parse-moment.ts";
import { parseRfc3339 } from "../time/rfc3339.ts";
import { type Command, CommandError, option, requiredOption, type Values } from "./command.ts";
import { onDatabase } from "./database.ts";

export const tokenCreateCommand: Command = {
  help: `sitebook token create --name NAME --site SLUG --role ROLE [--expires DAY]

Creates a machine account on a site and prints its token, once, as the last word.

  --role ROLE     can be repeated for several roles
  --expires DAY   the last day on which it is valid in the site's time zone, like 2027-03-31, or a time like
                  2027-03-31T12:00:00Z`,
  options: {
    name: { type: "string" },
    site: { type: "string" },
    role: { type: "string", multiple: true },
    expires: { type: "string" },
  },
  run: async ({ values }, io) => {
    const [name, slug] = [requiredOption(values, "name"), requiredOption(values, "site")];
    const roles = rolesOf(values);
    return onDatabase(io.env, async (db) => {
      const site = (await findSite(db, slug)) ?? notFound(`site "${slug.slice(0, 60)}"`);
      const expires_at = readExpiry(option(values, "expires"), site.time_zone);
      const actor = await commandLineActor(db, io.now().toISOString());
      const token = await createToken(db, actor, site, { name, roles, expires_at });
      const until = expires_at ? ` until ${expires_at}` : "";
      return {
        text: `${token.name} is ${roles.join(" and ")} on ${slug}${until}. Its token, shown only once: ${token.secret}`,
        json: { name: token.name, site: slug, roles, expires_at: expires_at ?? null, token: token.secret },
      };
    });
  },
};

function rolesOf(values: Values): string[] {
  const { role } = values;
  if (!Array.isArray(role) || !role.length) throw new CommandError("--role is missing.");
  return role;
}

function readExpiry(expires: string | undefined, zone: string): string | undefined {
  if (expires === undefined) return;
  const end = validDate(expires) ? endOfDay(expires, zone) : parseRfc3339(expires);
  if (!end) throw new CommandError(`"${expires.slice(0, 60)}" is not a valid day. Write it like 2027-03-31.`);
  return end;
}

const commandLinePerson: Person = {
  id: "00000000-0000-7000-8000-000000000001",
  kind: "machine",
  name: "The command line",
  email: null,
};

/** Anybody who can write to the database can do anything, so the history only says that it was done on the command line. */
async function commandLineActor(db: Database, at: string): Promise<Actor> {
  await db
    .insertInto("people")
    .values({ ...commandLinePerson, password: null, created_at: at })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
  return { person: commandLinePerson, roles: [], permissions: new Set(["administer"]), at };
}
