import { Hono } from "hono";
import { boardPage } from "../../views/board/page.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { sitePage } from "../http/pages.ts";
import { loadBoard } from "./board.ts";
import { boardAddress, readBoardFilter, readPosition } from "./filters.ts";

export const boardRoutes = new Hono<SiteEnv>();

boardRoutes.get("/", async (c) => show(c, c.req.query(), chosenIn(c.req.queries("choose"))));

/**
 * The board's own form comes back with what is ticked, to be kept while the list changes: on to the next hundred, or
 * filtered otherwise. Where nothing is ticked the plain address shows the same.
 */

boardRoutes.post("/", async (c) => {
  const form = await c.req.parseBody({ all: true });
  const chosen = chosenIn([form.choose ?? []].flat());
  // the filter means its fields; every other button says in its address where it leads
  const told = form.filter ? textsOf(form) : c.req.query();
  if (chosen.length) return show(c, told, chosen, textsOf(form).from);
  const { site } = c.get("access");
  return c.redirect(boardAddress(site, readBoardFilter(site, told), readPosition(told.after) || undefined), 303);
});

/** What of it can be an id; whether it is one of this site's the query says. */
function chosenIn(told: unknown[] = []): string[] {
  return told.filter((id): id is string => typeof id === "string" && /^[\w-]{1,64}$/.test(id));
}

function textsOf(form: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(form).filter((one): one is [string, string] => typeof one[1] === "string"));
}

async function show(c: SiteContext, told: Record<string, string | undefined>, chosen: string[], from?: string) {
  const { site, may } = c.var.access;
  const filter = readBoardFilter(site, told);
  const after = readPosition(told.after);
  const tallies = await c.get("tallies")(c.get("db"), site);
  const board = await loadBoard(c.get("db"), site, tallies, {
    filter,
    after: after || undefined,
    chosen,
  });
  // what was posted has an address too: without what is ticked
  if (c.req.method === "POST" && !after) c.header("hx-push-url", boardAddress(site, filter));
  return sitePage(
    c,
    { title: "Board", here: "board", rail: "full" },
    boardPage({ site, now: c.get("at"), may, from, lost: after === false, board }),
  );
}
