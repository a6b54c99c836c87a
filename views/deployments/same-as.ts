import type { Environment } from "../../src/access/environments.ts";
import type { Site } from "../../src/access/sites.ts";
import type { PreviewedLine } from "../../src/deployments/queries.ts";
import { countOf } from "../../src/text.ts";
import { button, hiddenField, linkButton } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { each, type Html, html } from "../parts/html.ts";
import { bar, empty, head, note } from "../parts/page.ts";
import { preview } from "./record.ts";

type Props = {
  site: Site;
  environment: Environment;
  from: Environment;
  changes: PreviewedLine[];
  removals: number;
  /** Why it cannot be done. */
  whyNot: string | undefined;
  refused?: string | undefined;
  key: string;
};

/** What would change if one environment is recorded as the same as another, and the button to do so. */
export function sameAsPage(props: Props): Html {
  const { site, environment, from, whyNot, refused, key, removals } = props;
  const count = props.changes.filter(({ change }) => change !== "same").length;
  const back = linkButton(`/sites/${site.slug}/environments/${environment.slug}`, "Cancel", "plain");
  const page = html`${refused && note(refused, { kind: "bad" })}${head({
    over: [env(environment)],
    title: `Same as ${from.name}`,
    lead: `Records that ${environment.name} has now what ${from.name} has: as its baseline, so no approval is needed.`,
  })}`;
  if (whyNot) return html`${page}${empty(whyNot, back)}`;
  if (!count) return html`${page}${empty(`${environment.name} is already the same as ${from.name}.`, back)}`;
  return html`${page}<form method="post" action="/sites/${site.slug}/deployments/same-as">
${hiddenField("environment", environment.slug)}${hiddenField("from", from.slug)}${hiddenField("removals", String(removals))}${hiddenField("key", key)}
${preview(props.changes, environment.name)}
${bar(html`<span class="grow"></span>${back}${button({ text: `Record ${countOf(count, "change")}`, look: "primary" })}`)}
</form>`;
}

/** Links to fill an environment from each of the others that has something. */
export const sameAsLinks = (site: Site, environment: Environment, sources: Environment[]): Html =>
  each(
    sources,
    (from) =>
      html`${linkButton(`/sites/${site.slug}/deployments/same-as?environment=${environment.slug}&from=${from.slug}`, `Same as ${from.name}`)} `,
  );
