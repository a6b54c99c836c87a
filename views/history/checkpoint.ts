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
  /** The latest, with the key that signed it; nothing where none was made yet. */
  signed?: (Checkpoint & { key: string }) | undefined;
  may: Permitted;
};

/** How far the history is signed, what to keep of it, and how it is checked. */
export function checkpointFold({ site, now, events, signed, may }: CheckpointProps): Html {
  const base = `/sites/${site.slug}/history`;
  const state = signed
    ? html`${formatCount(signed.events)} of ${formatCount(events)} entries, ${time(signed.at, site.time_zone, now)}`
    : "not signed yet";
  const content = html`<div class="words">
<p>Every entry carries a hash of all that came before it. A checkpoint signs the latest of them. Whoever keeps one elsewhere can show later that nothing before it was changed, not even by those who run this Sitebook.</p>
${signed && held(base, signed)}
${may.administer && signed?.events !== events && postButton(`${base}/checkpoints`, { text: "Sign it now" })}
</div>`;
  return fold("Checkpoint", content, { small: state, id: "checkpoint" });
}

const held = (base: string, { note, key }: { note: string; key: string }): Html => html`<pre tabindex="0">${note}</pre>
<p><a href="${base}/checkpoint" download="checkpoint.txt">Keep this checkpoint</a>, and its key:</p>
<pre tabindex="0">${key}</pre>
<p>Where the database is, <code>sitebook verify --checkpoint FILE --key KEY</code> holds the history against it.</p>`;
