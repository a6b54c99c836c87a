import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";

/** How often and how much; tests have shorter ones. */
const usualPace = {
  /** How often the database is asked for changes that another server recorded, and how often a site's pages update at most. */
  pollMs: 1000,
  /** Proxies close connections on which nothing is sent for a minute, this server after half of one: see `stalledMs`. */
  heartbeatMs: 25_000,
  /** How often it is checked that the person may still see the site. */
  recheckMs: 60_000,
  /** So many pages update at once, and the next after a pause: each of them then loads something. */
  batch: 50,
  batchPauseMs: 100,
  /** Some of the server's connections stay for requests. */
  maxListeners: 3000,
  /** A browser keeps one open for all its pages, or for each window. */
  maxListenersOfPerson: 20,
};
export type Pace = typeof usualPace;

interface Listener {
  siteId: string;
  personId: string;
  /** The number of the site's events that its page shows. */
  seen: number;
  onChange: (events: number) => void;
}

export type SiteChanges = ReturnType<typeof watchSites>;

/**
 * Notifies open pages when their site has another event, on this server or another one on the same database. Created once
 * for an application; does nothing while no page listens.
 */
export function watchSites(db: Database, changes: Partial<Pace> = {}) {
  const pace = { ...usualPace, ...changes };
  const listeners = new Set<Listener>();
  const notifiedAt = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  /** Compares the number of events of all sites that are listened to with what their listeners have seen. */
  async function compare(): Promise<void> {
    const bySite = Map.groupBy(listeners, ({ siteId }) => siteId);
    const rows = await eventsOf(db, [...bySite.keys()]);
    for (const { id, events } of rows) {
      const behind = (bySite.get(id) ?? []).filter(({ seen }) => seen !== events);
      if (!behind.length || Date.now() - (notifiedAt.get(id) ?? 0) < pace.pollMs) continue;
      notifiedAt.set(id, Date.now());
      for (const [i, listener] of behind.entries()) notify(listener, events, i);
    }
  }

  function notify(listener: Listener, events: number, index: number): void {
    listener.seen = events;
    const send = () => listeners.has(listener) && listener.onChange(events);
    const wait = Math.floor(index / pace.batch) * pace.batchPauseMs;
    if (wait) setTimeout(send, wait).unref();
    else send();
  }

  /** Looks for changes now, as after a request that may have made one. An error is left to the next time. */
  function check(): void {
    if (!listeners.size || running) return;
    running = compare()
      .catch(() => undefined)
      .finally(() => {
        running = undefined;
      });
  }

  return {
    pace,
    check,
    /** Why this person's page cannot listen now: the status to answer with; undefined if it can. */
    whyNot: (personId: string): 429 | 503 | undefined => {
      if (listeners.size >= pace.maxListeners) return 503;
      const own = [...listeners].filter((listener) => listener.personId === personId);
      return own.length >= pace.maxListenersOfPerson ? 429 : undefined;
    },
    /** Calls `onChange` for each change, and at once if the page has not seen the last one. Returns what ends it. */
    listen: (listener: Listener): (() => void) => {
      listeners.add(listener);
      timer ??= setInterval(check, pace.pollMs).unref();
      check();
      return () => {
        listeners.delete(listener);
        if (listeners.size) return;
        clearInterval(timer);
        timer = undefined;
        notifiedAt.clear();
      };
    },
    listening: () => listeners.size,
  };
}

const eventsOf = precompiled((db, ids: string[]) =>
  db.selectFrom("sites").select(["id", "events"]).where("id", "in", ids),
);
