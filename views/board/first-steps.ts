import type { Site } from "../../src/access/sites.ts";
import type { FirstStep } from "../../src/board/first-steps.ts";
import { joinWithAnd } from "../../src/text.ts";
import { button } from "../parts/button.ts";
import { each, type Html, html } from "../parts/html.ts";
import { fold } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";

type Props = {
  site: Site;
  steps: FirstStep[];
  /** Whether the reader can have Sitebook look for itself. */
  observable: boolean;
};

/** The steps to a true board, each with whether it is done and a link to where it is done. */
export const checklist = (props: Props): Html =>
  html`<ol class="steps">${each(props.steps, (step) => stepItem(props, step))}</ol>
${props.observable && lookForItself(props)}<p><small>Every step can be left for later.</small></p>`;

/** Instead of lists: the servers and their sitemaps say what is where. */
const lookForItself = ({ site }: Props): Html =>
  html`<form method="post" action="/sites/${site.slug}/observations">${button({ text: "Let Sitebook look for itself", look: "primary" })}</form>
<p><small>It visits the pages of the servers by their sitemaps, now and every hour, and records what it finds there. Nothing has to be typed.</small></p>
`;

/** The same above a board that has something on it, folded once the site is ready for its first release, until it is left. */
export function foldedChecklist(props: Props): Html {
  const done = props.steps.filter((step) => step.done).length;
  const open = props.steps.some((step) => !step.done && step.name !== "release");
  const small = `${done} of ${props.steps.length} done`;
  const leave = html`<form method="post" action="/sites/${props.site.slug}/first-steps/later">${button({ text: "Leave the rest for later" })}</form>`;
  return fold("First steps", html`${checklist(props)}${leave}`, { small, open, id: "first-steps" });
}

function stepItem({ site }: Props, { name, done, href }: FirstStep): Html {
  const [title, why] = words(site)[name];
  const text = href ? html`<a href="${href}">${title}</a>` : title;
  return html`<li><span>${text} ${done ? statusBadge("completed", "done") : statusBadge("waiting", "open")}</span><small>${why}</small></li>`;
}

export const stepTitle = (site: Site, name: FirstStep["name"]): string => words(site)[name][0];

/** What each step is called, and what it is good for. */
function words({ environments }: Site): Record<FirstStep["name"], [title: string, why: string]> {
  const last = environments.at(-1)?.name ?? "";
  const others = joinWithAnd(environments.slice(0, -1).map(({ name }) => name));
  return {
    addresses: [
      "Addresses of the environments",
      "With them, a sitemap can be recorded, and every page has a link to open it where it is.",
    ],
    live: [
      `What is on ${last} now`,
      "A list of its pages and software with their versions: the baseline, which needs no approval.",
    ],
    others: [
      others ? `What is on ${others}` : "The other environments",
      `The same as on ${last} in one step, or a list.`,
    ],
    people: ["Invite the people", "Those who record, test and approve: each gets a link and a role."],
    release: [
      "First release",
      `Record what is new on ${environments[0]?.name}, release it, request its promotion, and have it approved.`,
    ],
  };
}
