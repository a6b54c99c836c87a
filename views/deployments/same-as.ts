import type { Environment } from "../../src/access/environments.ts";
import type { Site } from "../../src/access/sites.ts";
import type { PreviewedLine } from "../../src/deployments/queries.ts";
import { countOf, joinWithAnd } from "../../src/text.ts";
import { button, hiddenField, linkButton } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { each, type Html, html } from "../parts/html.ts";
import { bar, empty, head, note } from "../parts/page.ts";
import { preview } from "./record.ts";

/** An environment to fill, with what would change there. */
export type SameAsTarget = {
  environment: Environment;
  changes: PreviewedLine[];
  removals: number;
  /** Why it cannot be done. */
  whyNot: string | undefined;
};

type Props = {
  site: Site;
  from: Environment;
  targets: SameAsTarget[];
  refused?: string | undefined;
  key: string;
};

/** What would change if environments are recorded as the same as another, and the button to do so. */
export function sameAsPage({ site, from, targets, refused, key }: Props): Html {
  const count = targets.flatMap(({ changes }) => changes).filter(({ change }) => change !== "same").length;
  const names = joinWithAnd(targets.map(({ environment }) => environment.name));
  const [only, another] = targets;
  const end = another ? "" : `/environments/${only?.environment.slug}`;
  const back = linkButton(`/sites/${site.slug}${end}`, "Cancel", "plain");
  const baseline = another ? "as their baseline" : "as its baseline";
  const page = html`${refused && note(refused, { kind: "bad" })}${head({
    over: targets.map(({ environment }) => env(environment)),
    title: `Same as ${from.name}`,
    lead: `Records that ${names} now ${another ? "have" : "has"} what ${from.name} has: ${baseline}, so no approval is needed.`,
  })}`;
  const reasons = [...new Set(targets.flatMap(({ whyNot }) => whyNot ?? []))];
  if (reasons.length) return html`${page}${empty(reasons.join(" "), back)}`;
  if (!count)
    return html`${page}${empty(`${names} ${another ? "are" : "is"} already the same as ${from.name}.`, back)}`;
  return html`${page}<form method="post" action="/sites/${site.slug}/deployments/same-as">
${hiddenField("from", from.slug)}${hiddenField("key", key)}
${each(targets, target)}
${bar(html`<span class="grow"></span>${back}${button({ text: `Record ${countOf(count, "change")}`, look: "primary" })}`)}
</form>`;
}

const target = ({ environment, changes, removals }: SameAsTarget): Html =>
  html`${hiddenField("environment", environment.slug)}${hiddenField("removals", String(removals))}
${preview(changes, environment.name, environment.slug)}`;

/** Links to fill an environment from each of the others that has something. */
export const sameAsLinks = (site: Site, environment: Environment, sources: Environment[]): Html =>
  each(
    sources,
    (from) =>
      html`${linkButton(`/sites/${site.slug}/deployments/same-as?environment=${environment.slug}&from=${from.slug}`, `Same as ${from.name}`)} `,
  );
