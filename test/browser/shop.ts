import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import type { Page } from "playwright-core";
import { openSession } from "../../src/people/sessions.ts";
import { type Name, type World, world } from "../world.ts";
import { openPage, type PageOptions } from "./page.ts";

export type Shop = Awaited<ReturnType<typeof shop>>;

/** The named world with its Sitebook on a free port, for real browsers. */
export async function shop() {
  const w = await world();
  const { server, baseURL } = await listen(w);
  return {
    ...w,
    /** A page in a browser where this person is signed in already; "nobody" has yet to. */
    visit: async (name: Name | "nobody", path: string, options: PageOptions = {}): Promise<Page> => {
      const page = await openPage({ ...options, baseURL });
      if (name !== "nobody") {
        const value = await openSession(w.db, w.people[name].id, w.clock.at);
        await page.context().addCookies([{ name: "sitebook", value, url: baseURL }]);
      }
      await page.goto(path);
      return page;
    },
    close: async () => {
      server.close();
      await w.close();
    },
  };
}

function listen(w: World): Promise<{ server: ServerType; baseURL: string }> {
  return new Promise((resolve) => {
    const server = serve({ fetch: w.app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }: AddressInfo) =>
      resolve({ server, baseURL: `http://localhost:${port}` }),
    );
  });
}
