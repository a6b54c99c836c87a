import type { ListedJob } from "../../src/jobs/queue.ts";
import { postButton } from "../parts/button.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty } from "../parts/page.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { type SettingsSite, settingsHead } from "./site.ts";

type Props = {
  site: SettingsSite;
  now: string;
  waiting: ListedJob[];
  failed: ListedJob[];
  done: ListedJob[];
  /** How many days jobs that are done are kept. */
  keptDays: number;
};

export function jobsPage(props: Props): Html {
  const { site, waiting, failed, done, keptDays } = props;
  const under = `What Sitebook does by itself: each job is tried until it is done, with longer pauses after each error. Jobs that are done are listed for ${keptDays} days.`;
  const nothing = waiting.length + failed.length + done.length === 0;
  return html`${settingsHead(site, "/jobs", "Background work", { under })}
${nothing && empty("There is no background work.")}${failed.length > 0 && failedTable(props)}${waiting.length > 0 && waitingTable(props)}${done.length > 0 && doneTable(props)}`;
}

/** "expire promotion" */
const what = ({ kind, ref }: ListedJob): Html => html`${kind.replaceAll("_", " ")} <small><code>${ref}</code></small>`;

const at = ({ site, now }: Props, iso: string): Html => time(iso, site.time_zone, now);

const errorOf = ({ last_error, attempts, lease_until }: ListedJob): string | Html =>
  last_error ?? (attempts > 0 && lease_until ? "It was interrupted." : html`<span class="none">none</span>`);

const failedTable = (props: Props): Html =>
  table({
    caption: "Failed",
    columns: ["Job", "Attempts", "Last error", "Action"],
    body: each(props.failed, (job) => {
      const action = `/sites/${props.site.slug}/settings/jobs/${job.id}/again`;
      const again = postButton(action, { text: html`Run again<span class="sr">: ${what(job)}</span>` });
      return row(
        html`${rowHead(what(job))}${cell("Attempts", job.attempts)}${cell("Last error", errorOf(job))}${cell("Action", again)}`,
      );
    }),
  });

const waitingTable = (props: Props): Html =>
  table({
    caption: "Waiting",
    columns: ["Job", "Runs at", "Attempts", "Last error"],
    body: each(props.waiting, (job) => {
      const isRunning = job.lease_until !== null && job.lease_until > props.now;
      const error = isRunning && !job.last_error ? html`<span class="none">none</span>` : errorOf(job);
      return row(
        html`${rowHead(what(job))}${cell("Runs at", isRunning ? "running now" : at(props, job.run_at))}${cell("Attempts", job.attempts)}${cell("Last error", error)}`,
      );
    }),
  });

const doneTable = (props: Props): Html =>
  table({
    caption: "Done, newest first",
    columns: ["Job", "Done", "Attempts"],
    body: each(props.done, (job) =>
      row(
        html`${rowHead(what(job))}${cell("Done", job.done_at && at(props, job.done_at))}${cell("Attempts", job.attempts)}`,
      ),
    ),
  });
