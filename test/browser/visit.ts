import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import type { Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { openSession } from "../../src/people/sessions.ts";
import type { Name, World } from "../world.ts";
import { openPage, type PageOptions } from "./page.ts";

/** Opens a page of this world's Sitebook in a browser where this person is signed in; "nobody" has yet to. */
export async function visit(w: World, name: Name | "nobody", path: string, options: PageOptions = {}): Promise<Page> {
  const baseURL = await served(w);
  const page = await openPage({ ...options, baseURL });
  if (name !== "nobody") {
    const value = await openSession(w.db, w.people[name].id, w.clock.at);
    await page.context().addCookies([{ name: "sitebook", value, url: baseURL }]);
  }
  await page.goto(path);
  return page;
}

const addresses = new WeakMap<World, Promise<string>>();

/** One server for each world, on a free port, until the test that first visited it ends. */
function served(w: World): Promise<string> {
  const address = addresses.get(w) ?? listen(w);
  addresses.set(w, address);
  return address;
}

function listen(w: World): Promise<string> {
  return new Promise((resolve) => {
    const server = serve({ fetch: w.app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }: AddressInfo) =>
      resolve(`http://localhost:${port}`),
    );
    onTestFinished(() => void server.close());
  });
}
