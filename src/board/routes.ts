import { Hono } from "hono";
import { boardPage } from "../../views/board/page.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { flash, sitePage } from "../http/pages.ts";
import { loadBoard, matchingIds } from "./board.ts";
import { type BoardFilter, boardAddress, pageSize, readBoardFilter, readBoardPosition, readRows } from "./filters.ts";
import { canObserve, firstSteps } from "./first-steps.ts";
import { leaveForLater, leftForLater } from "./left-steps.ts";
import { countOpenFindings } from "./queries.ts";
import { filterWithin, readSelectionChange, type SelectionChange, selectedIds } from "./selection.ts";

export const boardRoutes = new Hono<SiteEnv>();

boardRoutes.get("/", async (c) => show(c, c.req.query(), selectedIds(c.req.queries("choose"))));

// The board's form sends the ticked rows along, so that they stay selected on the next page or with another filter.
// Without any, the plain address shows the same, and can be shared.
boardRoutes.post("/", async (c) => {
  const { site } = c.var.access;
  const form = await c.req.parseBody({ all: true });
  const texts = textsOf(form);
  const change = readSelectionChange(texts);
  const fields = fieldsOf(c, texts, change);
  const filter = readBoardFilter(site, fields);
  const selected = await changeSelection(c, filter, selectedIds([form.choose ?? []].flat()), change);
  const address = boardAddress(
    site,
    filter,
    readBoardPosition(filter, fields.after) || undefined,
    readRows(fields.rows),
  );
  if (!selected.length) return c.redirect(address, 303);
  // the Filter button sends its fields in the form: the same form again, to the address that has them
  if (texts.filter && !c.req.header("hx-request") && !c.req.url.includes("?") && address.includes("?"))
    return c.redirect(address, 307);
  c.set("answerAddress", address);
  // htmx shows the address of the same page without the selected rows
  c.header(change ? "hx-replace-url" : "hx-push-url", address);
  return show(c, fields, selected, texts.from);
});

boardRoutes.post("/first-steps/later", (c) => {
  leaveForLater(c);
  flash(c, "The first steps are left for later. Settings and Record have all of them.");
  return c.redirect(`/sites/${c.var.access.site.slug}`, 303);
});

/** The filter and position: those shown if only the selection changes, those of the Filter button, or the address's. */
function fieldsOf(c: SiteContext, texts: Record<string, string>, change: SelectionChange): Record<string, string> {
  if (change) return Object.fromEntries(new URLSearchParams(texts.shown));
  return texts.filter && !c.req.url.includes("?") ? texts : c.req.query();
}

async function changeSelection(
  c: SiteContext,
  filter: BoardFilter,
  selected: string[],
  change: SelectionChange,
): Promise<string[]> {
  if (!change) return selected;
  if (change === "clear") return [];
  const { site } = c.var.access;
  const summary = await c.var.siteSummary(c.var.db, site);
  const scope = "add" in change ? change.add : change.remove;
  const ids = new Set(await matchingIds(c.var.db, site, summary, filterWithin(filter, scope)));
  return "add" in change ? [...new Set([...selected, ...ids])] : selected.filter((id) => !ids.has(id));
}

function textsOf(form: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(form).filter((field): field is [string, string] => typeof field[1] === "string"),
  );
}

async function show(c: SiteContext, fields: Record<string, string | undefined>, selected: string[], from?: string) {
  const { site, may } = c.var.access;
  const filter = readBoardFilter(site, fields);
  const after = readBoardPosition(filter, fields.after);
  const rows = readRows(fields.rows);
  const summary = await c.var.siteSummary(c.var.db, site);
  const board = await loadBoard(c.var.db, site, summary, { filter, after: after || undefined, rows, selected });
  const steps =
    after || selected.length
      ? undefined
      : await firstSteps(c.var.db, site, summary, { may, now: c.var.at, leftForLater: leftForLater(c) });
  const observable = steps !== undefined && (await canObserve(c.var.db, site, may));
  const address = addedTo(c, filter) ?? boardAddress(site, filter, after || undefined, rows);
  const findings = await countOpenFindings(c.var.db, site);
  return sitePage(
    c,
    { title: "Board", here: "board", rail: "full" },
    boardPage({ site, now: c.var.at, may, from, lost: after === false, board, address, steps, observable, findings }),
  );
}

/** If these rows are added below others by htmx: the address of both, which replaces the browser's. */
function addedTo(c: SiteContext, filter: BoardFilter): string | undefined {
  const shown = c.req.query("shown");
  if (shown === undefined || !c.req.header("hx-request")) return;
  const { after, rows } = Object.fromEntries(new URLSearchParams(shown));
  const address = boardAddress(
    c.var.access.site,
    filter,
    readBoardPosition(filter, after) || undefined,
    (readRows(rows) ?? pageSize) + pageSize,
  );
  c.header("hx-replace-url", address);
  return address;
}
