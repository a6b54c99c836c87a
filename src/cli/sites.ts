import type { Database } from "../database/connect.ts";
import { notFound } from "../errors.ts";
import { option, type Values } from "./command.ts";

/** The site that `--site` names, or else all sites. */
export async function selectedSites(db: Database, values: Values): Promise<{ id: string; slug: string }[]> {
  const slug = option(values, "site");
  const query = db.selectFrom("sites").select(["id", "slug"]).orderBy("slug");
  const sites = await (slug === undefined ? query : query.where("slug", "=", slug)).execute();
  return sites.length || slug === undefined ? sites : notFound(`site "${slug.slice(0, 60)}"`);
}
