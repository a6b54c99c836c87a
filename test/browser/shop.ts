import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import type { Page } from "playwright-core";
import { openSession } from "../../src/access/sessions.ts";
import { createApp } from "../../src/app.ts";
import { setupLink } from "../../src/people/links.ts";
import { hashPassword } from "../../src/people/passwords.ts";
import { freshDatabase } from "../support/database.ts";
import { type Name, type World, world } from "../support/world.ts";
import { openPage, type PageOptions } from "./page.ts";

export type Shop = Awaited<ReturnType<typeof browserShop>>;

/** Everybody's, once somebody comes in by the sign-in form. */
const password = "correct horse battery staple";
let hash: Promise<string> | undefined;

/** The named world with its Sitebook on a free port, for real browsers. */
export async function browserShop() {
  const w = await world();
  const { server, baseURL } = await listen(w.app);
  const others: (() => Promise<void>)[] = [];
  const enter = async (page: Page, name: Name | "nobody") => {
    await page.context().clearCookies();
    if (name === "nobody") return;
    const value = await openSession(w.db, w.people[name].id, w.clock.at);
    await page.context().addCookies([{ name: "sitebook", value, url: baseURL }]);
  };
  return {
    ...w,
    baseURL,
    /** Makes this page's browser this person's. */
    enter,
    /** A page in a browser where this person is signed in already; "nobody" has yet to. */
    visit: async (name: Name | "nobody", path: string, options: PageOptions = {}): Promise<Page> => {
      const page = await openPage({ ...options, baseURL });
      await enter(page, name);
      await page.goto(path);
      return page;
    },
    /** The same by the sign-in form, as people do it. */
    signIn: async (name: Name, options: PageOptions = {}): Promise<Page> => {
      await givePassword(w, name);
      const page = await openPage({ ...options, baseURL });
      await page.goto("/sites/shop");
      await fillSignIn(page, name);
      return page;
    },
    /** The way into another Sitebook, in which nobody has an account yet. */
    setupAddress: async (): Promise<string> => {
      const { db, close } = await freshDatabase();
      const empty = await listen(createApp(db, { baseUrl: baseURL, now: () => new Date(w.clock.at) }));
      others.push(async () => {
        empty.server.close();
        await close();
      });
      return `${empty.baseURL}/setup?link=${await setupLink(db, w.clock.at)}`;
    },
    close: async () => {
      server.close();
      for (const end of others) await end();
      await w.close();
    },
  };
}

export async function fillSignIn(page: Page, name: Name): Promise<void> {
  await page.getByLabel("E-mail").fill(`${name}@example.test`);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function givePassword(w: World, name: Name): Promise<void> {
  hash ??= hashPassword(password);
  await w.db
    .updateTable("people")
    .set({ password: await hash })
    .where("id", "=", w.people[name].id)
    .execute();
}

function listen(app: World["app"]): Promise<{ server: ServerType; baseURL: string }> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }: AddressInfo) =>
      resolve({ server, baseURL: `http://localhost:${port}` }),
    );
  });
}
