import type { Actor, Person } from "../access/actor.ts";
import { findSite } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { notFound } from "../errors.ts";
import { createToken } from "../people/tokens.ts";
import { parseRfc3339 } from "../time/rfc3339.ts";
import { type Command, CommandError, option, requiredOption, type Values } from "./command.ts";
import { onDatabase } from "./database.ts";

export const tokenCreateCommand: Command = {
  help: `sitebook token create --name NAME --site SLUG --role ROLE [--expires DAY]

Makes a machine account on a site and prints its token, once, as the last word.

  --role ROLE     may be said several times
  --expires DAY   the last day on which it works, like 2027-03-31, or a moment like 2027-03-31T12:00:00Z`,
  options: {
    name: { type: "string" },
    site: { type: "string" },
    role: { type: "string", multiple: true },
    expires: { type: "string" },
  },
  run: async ({ values }, io) => {
    const [name, slug] = [requiredOption(values, "name"), requiredOption(values, "site")];
    const roles = rolesOf(values);
    const expires_at = endOf(option(values, "expires"));
    return onDatabase(io.env, async (db) => {
      const site = (await findSite(db, slug)) ?? notFound(`site "${slug.slice(0, 60)}"`);
      const by = await operator(db, io.now().toISOString());
      const token = await createToken(db, by, site, { name, roles, expires_at });
      const until = expires_at ? ` until ${expires_at}` : "";
      return {
        text: `${token.name} is ${roles.join(" and ")} of ${slug}${until}. Its token, shown this once: ${token.secret}`,
        json: { name: token.name, site: slug, roles, expires_at: expires_at ?? null, token: token.secret },
      };
    });
  },
};

function rolesOf(values: Values): string[] {
  const { role } = values;
  if (!Array.isArray(role) || !role.length) throw new CommandError("Say --role.");
  return role;
}

function endOf(expires: string | undefined): string | undefined {
  if (expires === undefined) return;
  const end = parseRfc3339(/^\d{4}-\d\d-\d\d$/.test(expires) ? `${expires}T23:59:59.999Z` : expires);
  return end ?? fail(`"${expires.slice(0, 60)}" is no day; write one like 2027-03-31.`);
}

function fail(sentence: string): never {
  throw new CommandError(sentence);
}

const commandLine: Person = {
  id: "00000000-0000-7000-8000-000000000001",
  kind: "machine",
  name: "The command line",
  email: null,
};

/** Whoever may write to the database may do anything; the history says that it was done from there, and by nobody in person. */
async function operator(db: Database, at: string): Promise<Actor> {
  await db
    .insertInto("people")
    .values({ ...commandLine, password: null, created_at: at })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
  return { person: commandLine, roles: [], permissions: new Set(["administer"]), at };
}
