import type { Database } from "../database/connect.ts";
import { missing } from "../errors.ts";
import { given, type Values } from "./command.ts";

/** The site that `--site` names, or all there are. */
export async function sitesOf(db: Database, values: Values): Promise<{ id: string; slug: string }[]> {
  const slug = given(values, "site");
  const query = db.selectFrom("sites").select(["id", "slug"]).orderBy("slug");
  const sites = await (slug === undefined ? query : query.where("slug", "=", slug)).execute();
  return sites.length || slug === undefined ? sites : missing(`site "${slug.slice(0, 60)}"`);
}
