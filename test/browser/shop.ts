import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import type { Page } from "playwright-core";
import { openSession } from "../../src/access/sessions.ts";
import { createApp } from "../../src/app.ts";
import { setupLink } from "../../src/people/links.ts";
import { freshDatabase } from "../support/database.ts";
import { browser, type Name, password, type World, world } from "../support/world.ts";
import { axeScript, openPage, type PageOptions } from "./page.ts";

export type Shop = Awaited<ReturnType<typeof browserShop>>;

/** The test world, served on a free port for real browsers. */
export async function browserShop() {
  const w = await world();
  const now = () => new Date(w.clock.at);
  const { server, baseURL, app } = await listen((baseUrl) => createApp(w.db, { baseUrl, now }));
  const opened: Page[] = [];
  const open = async (options: PageOptions) => {
    const page = await openPage({ ...options, baseURL });
    opened.push(page);
    return page;
  };
  const closers: (() => Promise<void>)[] = [];
  const enter = async (page: Page, name: Name | "nobody") => {
    await page.context().clearCookies();
    if (name === "nobody") return;
    const value = await openSession(w.db, w.people[name].id, w.clock.at);
    await page.context().addCookies([{ name: "sitebook", value, url: baseURL }]);
  };
  return {
    ...w,
    baseURL,
    /** As those of the world, of the served application. */
    as: (name: Name | "nobody") => browser(app, w.db, name === "nobody" ? undefined : w.people[name], w.clock),
    /** A page in a browser in which nobody is signed in. It is closed before the server. */
    open,
    /** Signs this person in to the page's browser, and everybody else out. */
    enter,
    /** A page in a browser in which this person is signed in; "nobody" is not. */
    visit: async (name: Name | "nobody", path: string, options: PageOptions = {}): Promise<Page> => {
      const page = await open(options);
      await enter(page, name);
      await page.goto(path);
      return page;
    },
    /** The same through the sign-in form. */
    signIn: async (name: Name, options: PageOptions = {}): Promise<Page> => {
      const page = await open(options);
      await page.goto("/sites/shop");
      await fillSignIn(page, name);
      return page;
    },
    /** The set-up link of another Sitebook that has no account yet. */
    setupAddress: async (): Promise<string> => {
      const { db, close } = await freshDatabase();
      const empty = await listen((baseUrl) => createApp(db, { baseUrl, now, webhookNetworks: ["127.0.0.1"] }));
      closers.push(async () => {
        empty.server.close();
        await close();
      });
      return `${empty.baseURL}/setup?link=${await setupLink(db, w.clock.at)}`;
    },
    close: async () => {
      // before the server, which they would else miss and report
      for (const page of opened) await page.context().close();
      server.close();
      for (const closeOther of closers) await closeOther();
      await w.close();
    },
  };
}

export async function fillSignIn(page: Page, name: Name): Promise<void> {
  await page.getByLabel("E-mail").fill(`${name}@example.test`);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

type App = World["app"];

/** Serves what `create` builds for the address. */
function listen(create: (baseURL: string) => App): Promise<{ server: ServerType; baseURL: string; app: App }> {
  let app: App;
  const fetch = (request: Request, env: object) =>
    new URL(request.url).pathname === axeScript.path ? axeScript.respond() : app.fetch(request, env);
  return new Promise((resolve) => {
    const server = serve({ fetch, port: 0, hostname: "127.0.0.1" }, ({ port }: AddressInfo) => {
      const baseURL = `http://localhost:${port}`;
      app = create(baseURL);
      resolve({ server, baseURL, app });
    });
  });
}
