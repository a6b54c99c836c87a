import { rollbackPage } from "../../views/promotions/rollback.ts";
import { roleNames } from "../access/roles.ts";
import { findEnvironment } from "../access/sites.ts";
import { newId } from "../database/ids.ts";
import type { SiteContext } from "../http/context.ts";
import { sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { artifactKey, joinWithAnd } from "../text.ts";
import { previewRollback } from "./rollback.ts";
import { requirementsOf } from "./rules.ts";

interface FilledRollback {
  selected?: Set<string>;
  reason?: string;
  errors?: Record<string, string>;
  refused?: string | undefined;
}

/** Sends the page that shows what a rollback would restore; after a refused form with what was ticked and typed. */
export async function showRollback(
  c: SiteContext,
  number: number,
  { selected, reason = "", errors = {}, refused }: FilledRollback = {},
  status: 200 | 403 | 409 | 422 = 200,
) {
  const { site } = c.var.access;
  const preview = await previewRollback(c.var.db, sessionActor(c), site, number);
  const { gate } = findEnvironment(site, preview.promotion.environment.slug);
  const { id: rollback_of_id } = preview.promotion;
  const facts = { digest: "", gate, rollback_of_id, approvals: [], completion: null, cancellation: null };
  const roles = requirementsOf(facts, await roleNames(c.var.db));
  const needs = roles.length
    ? `It needs approval by ${joinWithAnd(roles.map(({ name, needed }) => (needed === 1 ? name : `${name} (${needed} people)`)))}, and is then completed like any promotion.`
    : "It needs no approval: it can be completed at once.";
  // of a line that the page does not have, which only a forged form can name
  const shown = new Set(["reason", ...preview.lines.map(artifactKey)]);
  const elsewhere = Object.entries(errors).find(([field]) => !shown.has(field))?.[1];
  const content = rollbackPage({
    ...preview,
    site,
    needs,
    selected,
    form: { reason, key: newId() },
    errors,
    refused: preview.whyNot ? undefined : (refused ?? elsewhere),
    now: c.var.at,
  });
  return sitePage(c, { title: `Roll back promotion ${number}`, here: "inbox" }, content, status);
}

/** The messages for lines, by their artifact keys, and for fields by their names. */
export function rollbackErrors(
  errors: { path: string; message: string }[],
  lines: { kind: string; key: string }[],
): Record<string, string> {
  const entries = errors.map(({ path, message }) => {
    const line = lines[Number(/^contents\.(\d+)\./.exec(path)?.[1] ?? -1)];
    return [line ? artifactKey(line) : path, message];
  });
  return Object.fromEntries(entries);
}
