import { Hono } from "hono";
import { boardPage } from "../../views/board/page.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { sitePage } from "../http/pages.ts";
import { loadBoard } from "./board.ts";
import { boardAddress, readBoardFilter, readPosition } from "./filters.ts";
import { firstSteps } from "./first-steps.ts";

export const boardRoutes = new Hono<SiteEnv>();

boardRoutes.get("/", async (c) => show(c, c.req.query(), artifactIds(c.req.queries("choose"))));

// The board's form sends the ticked rows along, so that they stay selected on the next page or with another filter.
// Without any, the plain address shows the same, and can be shared.
boardRoutes.post("/", async (c) => {
  const form = await c.req.parseBody({ all: true });
  const selected = artifactIds([form.choose ?? []].flat());
  // the Filter button means the form's fields; every other button has the filter in its own address
  const fields = form.filter ? textsOf(form) : c.req.query();
  if (selected.length) return show(c, fields, selected, textsOf(form).from);
  const { site } = c.var.access;
  return c.redirect(boardAddress(site, readBoardFilter(site, fields), readPosition(fields.after) || undefined), 303);
});

/** The values that are well-formed ids; `selectedRows` finds out which are the site's. */
function artifactIds(values: unknown[] = []): string[] {
  return values.filter((id): id is string => typeof id === "string" && /^[\w-]{1,64}$/.test(id));
}

function textsOf(form: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(form).filter((field): field is [string, string] => typeof field[1] === "string"),
  );
}

async function show(c: SiteContext, fields: Record<string, string | undefined>, selected: string[], from?: string) {
  const { site, may } = c.var.access;
  const filter = readBoardFilter(site, fields);
  const after = readPosition(fields.after);
  const summary = await c.var.siteSummary(c.var.db, site);
  const board = await loadBoard(c.var.db, site, summary, { filter, after: after || undefined, selected });
  const steps =
    after || selected.length ? undefined : await firstSteps(c.var.db, site, summary, { may, now: c.var.at });
  // htmx shows the address of the same page without the selected rows
  if (c.req.method === "POST" && !after) c.header("hx-push-url", boardAddress(site, filter));
  return sitePage(
    c,
    { title: "Board", here: "board", rail: "full" },
    boardPage({ site, now: c.var.at, may, from, lost: after === false, board, steps }),
  );
}
