import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { Checkpoint } from "../../src/integrity/checkpoints.ts";
import { formatCount } from "../../src/text.ts";
import { postButton } from "../parts/button.ts";
import { type Html, html } from "../parts/html.ts";
import { fold } from "../parts/page.ts";
import { time } from "../parts/time.ts";

export type CheckpointProps = {
  site: Site;
  now: string;
  events: number;
  /** The latest checkpoint with the key that signed it; undefined if there is none yet. */
  signed?: (Checkpoint & { key: string }) | undefined;
  may: Permitted;
};

/** How much of the history is signed, the checkpoint to keep, and how to check the history against it. */
export function checkpointFold({ site, now, events, signed, may }: CheckpointProps): Html {
  const base = `/sites/${site.slug}/history`;
  const state = signed
    ? html`${formatCount(signed.events)} of ${formatCount(events)} entries signed, ${time(signed.at, site.time_zone, now)}`
    : "not signed yet";
  const content = html`<div class="words">
<p>Every entry has a hash of all entries up to it. A checkpoint signs the latest hash. Keep one elsewhere, and you can prove later that nothing before it was changed, not even by the people who run this Sitebook.</p>
${signed && latest(base, signed)}
${may.administer && signed?.events !== events && postButton(`${base}/checkpoints`, { text: "Sign now" })}
</div>`;
  return fold("Checkpoint", content, { small: state, id: "checkpoint" });
}

const latest = (
  base: string,
  { note, key }: { note: string; key: string },
): Html => html`<pre tabindex="0">${note}</pre>
<p><a href="${base}/checkpoint" download>Download this checkpoint</a>, and keep it with its key:</p>
<pre tabindex="0">${key}</pre>
<p>To check the history against it, run <code>sitebook verify --checkpoint FILE --key KEY</code> where the database is.</p>`;
