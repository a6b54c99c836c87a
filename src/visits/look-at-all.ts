import { setTimeout as sleep } from "node:timers/promises";
import type { Secrets } from "../access/secrets.ts";
import type { Database } from "../database/connect.ts";
import { loadContent } from "../observations/contents.ts";
import { masksOf, noiseOf } from "../observations/filters.ts";
import type { PageLink } from "../observations/links.ts";
import { filterOf, type Mask, type Noise } from "../observations/view.ts";
import type { Visit } from "../sightings/queries.ts";
import type { Reach } from "./fetch-page.ts";
import { followedPaths } from "./followed-links.ts";
import type { FoundLink } from "./linked-pages.ts";
import { type KnownPage, type Look, lookAt } from "./look.ts";
import { lookAgain } from "./look-again.ts";
import { addressesOn, type NamedAddress } from "./page-links.ts";
import type { nextPages } from "./pages.ts";
import type { Robots } from "./robots.ts";
import { otherUrlsOf, type VisitSettings } from "./settings-rules.ts";

export interface VisitContext {
  secrets: Secrets;
  /** Whether Sitebook may call a network address. */
  isAllowed: (address: string) => boolean;
  now: () => string;
  stopping?: AbortSignal;
  /** How long one job may take, so that other visits get a turn. */
  sliceMs?: number;
  /** How long to wait at least until a page is looked at again; a second if it is not given. */
  againMs?: number;
}

/** A visit in progress, with what it needs. */
export interface Visitor {
  db: Database;
  visit: Visit;
  reach: Reach;
  settings: VisitSettings;
  siteUrls: string[];
  /** The meta tag that says when a page is to be reviewed; empty: none. */
  dateTag: string;
  context: VisitContext;
}

type Page = Awaited<ReturnType<typeof nextPages>>[number];

/** A pause that robots.txt asks for is between any two pages. */
export const paceOf = ({ settings }: Pick<Visitor, "settings">, robots: Robots) => ({
  atOnce: robots.pauseMs ? 1 : settings.pages_at_once,
  pauseMs: Math.max(settings.pause_ms, robots.pauseMs),
});

export interface Noticed {
  /** The pages to which links lead that are followed. */
  links: FoundLink[];
  /** All addresses that each page names. */
  addresses: Map<string, NamedAddress[]>;
}

/** A few at a time, with a pause after each. `noticed` gets what they link to. */
export async function lookAtAll(visitor: Visitor, robots: Robots, pages: Page[], noticed: Noticed): Promise<Look[]> {
  const { db, visit, reach, settings, siteUrls, context } = visitor;
  const rules = { baseUrl: reach.baseUrl, kept: settings.kept_parameters.split(" ") };
  const otherUrls = otherUrlsOf(settings);
  const { atOnce, pauseMs } = paceOf(visitor, robots);
  const inTurn = turns(atOnce, pauseMs, context.stopping);
  const masks = await masksOf(db, visit.site_id);
  const paths = pages.map(({ path }) => path);
  const noise = await noiseOf(db, visit.site_id, paths);
  const looks = await Promise.all(
    pages.map((page) => {
      const depth = (page.link_depth ?? 0) + 1;
      const notice = (links: PageLink[]) => {
        noticed.addresses.set(page.path, addressesOn(links, siteUrls, otherUrls));
        if (depth > settings.link_depth) return;
        for (const path of followedPaths(links, rules)) noticed.links.push({ path, depth });
      };
      return lookAtPage(visitor, robots, page, { masks, noise: noise.get(page.path) ?? [], inTurn, notice });
    }),
  );
  await sleep(pauseMs);
  return looks.filter((look) => look !== undefined);
}

type InTurn = <T>(work: () => Promise<T>) => Promise<T | undefined>;

/** Does work at most `atOnce` at a time, in the order in which it is asked for, with a pause after each; none once it is stopping. */
function turns(atOnce: number, pauseMs: number, stopping: AbortSignal | undefined): InTurn {
  const waiting: (() => void)[] = [];
  let free = atOnce;
  const next = () => {
    const start = waiting.shift();
    if (start) start();
    else free++;
  };
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((start) => waiting.push(start));
    try {
      return stopping?.aborted ? undefined : await work();
    } finally {
      setTimeout(next, stopping?.aborted ? 0 : pauseMs);
    }
  };
}

interface Looking {
  masks: Mask[];
  noise: Noise[];
  inTurn: InTurn;
  /** Gets what the page names, at each look. */
  notice: (links: PageLink[]) => void;
}

/** Looks at a page, and again if it differs from what it showed last. Waiting for that takes no turn. */
async function lookAtPage(
  { db, reach, siteUrls, dateTag, context }: Visitor,
  robots: Robots,
  page: Page,
  { masks, noise, inTurn, notice }: Looking,
): Promise<Look | undefined> {
  const filter = filterOf(masks, noise);
  const about = { siteUrls, filter, dateTag };
  const look = async (page: KnownPage) => {
    const look = await inTurn(() => lookAt(reach, robots, page, { ...about, now: context.now() }));
    if (look?.links) notice(look.links);
    return look;
  };
  const good = page.good && { ...page.good, content: () => loadContent(db, page.good?.content) };
  const first = await look(page);
  return (
    first &&
    lookAgain(first, { masks, noise, filter, good }, async () => {
      await sleep(context.againMs ?? 1000);
      return look({ ...page, etag: null, last_modified: null });
    })
  );
}
