import type { Person } from "../../src/access/actor.ts";
import { createApp } from "../../src/app.ts";
import { setupLink } from "../../src/people/links.ts";
import { freshDatabase } from "./database.ts";
import { browser } from "./world.ts";

/** A book without any account. The clock is at 3 March 2026, 10:00 UTC, until the test sets it. */
export async function emptyBook() {
  const { db, close } = await freshDatabase();
  const clock = { at: "2026-03-03T10:00:00.000Z" };
  const app = createApp(db, { baseUrl: "http://sitebook.test", now: () => new Date(clock.at) });
  return {
    db,
    close,
    clock,
    /** A browser in which nobody, or this person, is signed in. */
    visitor: (person?: Person) => browser(app, db, person, clock),
    /** The secret of a new link to /setup; empty if there is already an account. */
    link: async () => (await setupLink(db, clock.at)) ?? "",
  };
}

/** The form at /setup, filled by Iris for a site of her own. */
export const setupForm = (link: string, more: Record<string, string> = {}) => ({
  link,
  name: "Iris",
  email: "Iris@Example.test",
  password: "correct horse battery",
  again: "correct horse battery",
  begin: "site",
  "site.name": "Fennel & Co",
  "site.slug": "",
  "site.time_zone": "Europe/London",
  ...more,
});
