import type { FindingMark } from "../../src/board/finding-marks.ts";
import { countOf } from "../../src/text.ts";
import { artifactPath } from "./artifact.ts";
import type { Html } from "./html.ts";
import { statusBadge } from "./status-badge.ts";

/** What visits found about a page or software item: one finding by its word, more by their number. */
export function findingBadge(site: string, { id, path, word, count }: FindingMark): Html {
  const artifact = { kind: path.startsWith("/") ? "page" : "software", key: path };
  return statusBadge("blocked", count > 1 ? countOf(count, "finding") : word, {
    before: "found on the server: ",
    href: count > 1 ? artifactPath(site, artifact) : `/sites/${site}/findings/${id}`,
    title: "Found by a visit to the server",
  });
}
