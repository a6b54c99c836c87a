import type { SiteChanges } from "../http/site-changes.ts";

interface Listening {
  siteId: string;
  personId: string;
  /** The number of the site's events that the page shows. */
  since: number;
  /** Whether the person may still see the site. */
  isAllowed: () => Promise<boolean>;
  /** Ends the stream at once, as the server stops. */
  stopping: AbortSignal;
}

/**
 * Server-sent events for a page: `changed`, with the number of the site's events as data and id, and `bye` once the person
 * may not see the site any more. It says nothing about the change: the page loads what it shows of it.
 */
export function changeStream(changes: SiteChanges, listening: Listening): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let release: () => void;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string) => controller.enqueue(encoder.encode(text));
      const end = (last = "") => {
        release();
        write(last);
        controller.close();
      };
      const onStop = () => end();
      // an error, such as of a database that restarts, does not end it
      const recheck = async () =>
        (await listening.isAllowed().catch(() => true)) || isReleased || end("event: bye\ndata: \n\n");
      let isReleased = false;
      const { heartbeatMs, recheckMs } = changes.pace;
      const timers = [setInterval(() => write(":\n\n"), heartbeatMs), setInterval(recheck, recheckMs)];
      for (const timer of timers) timer.unref();
      const { siteId, personId, since: seen, stopping } = listening;
      // also the answer's first bytes, without which proxies may keep its headers back
      write(`id: ${seen}\n\n`);
      const onChange = (events: number) => write(`event: changed\nid: ${events}\ndata: ${events}\n\n`);
      const stopListening = changes.listen({ siteId, personId, seen, onChange });
      stopping.addEventListener("abort", onStop);
      release = () => {
        isReleased = true;
        for (const timer of timers) clearInterval(timer);
        stopListening();
        stopping.removeEventListener("abort", onStop);
      };
    },
    cancel() {
      release();
    },
  });
}
