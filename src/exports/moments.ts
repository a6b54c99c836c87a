import { parseMoment } from "../environments/moments.ts";
import { Refusal } from "../errors.ts";
import type { SiteContext } from "../web.ts";

/** A past moment that the address names; nothing where it names none. */
export function readMoment(c: SiteContext, name: "as_of" | "known_at"): string | undefined {
  const text = c.req.query(name)?.trim();
  if (!text) return;
  const read = parseMoment(text, c.var.access.site.time_zone, c.var.at);
  if ("at" in read) return read.at;
  throw new Refusal(422, read.wrong);
}
