import { yieldToEventLoop } from "../database/event-loop.ts";
import { allNoise, type FoundNoise, maxNoise, noiseBetween } from "../observations/find-noise.ts";
import { type Filter, filterOf, type Mask, type Noise, viewOf } from "../observations/view.ts";
import { type Digests, readContent } from "../observations/view-text.ts";
import { type Look, nothingSeen } from "./look.ts";
import { noResponse } from "./rules.ts";

/** The last good observation of a page, and what is known to be noise of it. */
export interface Known {
  masks: Mask[];
  noise: Noise[];
  filter: Filter;
  good: (Digests & { content: () => Promise<string | undefined> }) | undefined;
}

const maxLooks = 3;

/**
 * Looks again at a page that differs from its last good observation, or has none: it is going to be compared with what other
 * servers show. What differs between two looks is noise; with noise, or where some was known, up to three looks tell whether
 * the page changed, as rotating contents may be equal by chance.
 */
export async function lookAgain(first: Look, known: Known, look: () => Promise<Look | undefined>): Promise<Look> {
  const { content } = first;
  if (content === undefined || (known.good && isSame(first.observation, known.good))) return first;
  const good = await known.good?.content();
  let { filter } = known;
  let digests: Compared = first.observation;
  const noise: FoundNoise[] = [];
  for (let looks = 0; looks < (noise.length + known.noise.length > 0 ? maxLooks : 1); looks++) {
    const again = await look();
    if (again?.content === undefined) break;
    const found = noiseBetween(viewOf(content, filter), viewOf(again.content, filter));
    // each step takes some milliseconds for a long page
    await yieldToEventLoop();
    if (!found.length) continue;
    noise.push(...found);
    if (noise.length + known.noise.length > maxNoise) return saysNothing(first);
    filter = filterOf(known.masks, [...known.noise, ...noise]);
    const read = readContent(content, filter);
    if (!read.lines.length && readContent(content, known.filter).lines.length) return saysNothing(first);
    digests = read;
    await yieldToEventLoop();
    if (good !== undefined && isSame(digests, readContent(good, filter))) break;
  }
  const { text_digest, structure_digest } = digests;
  return {
    ...first,
    noise,
    filter: filter.key,
    observation: { ...first.observation, text_digest, structure_digest },
  };
}

type Compared = { text_digest: string | null; structure_digest: string | null };

const isSame = (one: Compared, other: Compared): boolean =>
  one.text_digest === other.text_digest && one.structure_digest === other.structure_digest;

const saysNothing = (look: Look): Look => ({
  ...look,
  content: undefined,
  observation: { ...nothingSeen, ...noResponse(allNoise), took_ms: look.observation.took_ms },
});
