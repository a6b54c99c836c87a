import { Hono } from "hono";
import { address, shortest } from "../../views/parts/address.ts";
import { type SearchProps, searchPage } from "../../views/search/page.ts";
import { roleNames } from "../access/roles.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { page } from "../http/pages.ts";
import { type EntryKind, kinds } from "../record/search-index.ts";
import { controls } from "../text.ts";
import { answer } from "./answers.ts";
import { exampleOf, findGroup, type Group, type Place } from "./queries.ts";
import { ask, type Question } from "./questions.ts";
import { wantedOf } from "./search-query.ts";

export const searching = new Hono<SiteEnv>();

const size = 20;

const longest = 2000;

searching.get("/", async (c) => {
  const { db, at: now } = c.var;
  const { site } = c.var.access;
  const text = (c.req.query("q") ?? "").slice(0, longest).replace(new RegExp(controls, "gu"), " ").trim();
  const only = kinds.find((kind) => kind === c.req.query("in"));
  const roles = await roleNames(db);
  const named = Object.entries(roles).map(([slug, name]) => ({ slug, name }));
  const question = ask(text, { ...site, roles: named }, now);
  const elsewhere = elsewhereOf(site.slug, question);
  if (elsewhere && !only) return c.redirect(elsewhere, 303);
  const props: SearchProps = {
    site,
    now,
    text,
    sought: soughtBy(question, text),
    answer: text && !only ? await answer(db, site, question, text, now) : undefined,
    groups: await groupsOf(c, soughtBy(question, text), only),
    only,
    roles,
    example: await exampleOf(db, site),
  };
  return page(c, { title: text ? `Search: ${text.slice(0, 60)}` : "Search" }, searchPage(props));
});

/** Some questions have a page of their own for an answer. */
function elsewhereOf(site: string, question: Question): string | undefined {
  if (question.asks === "waits" && question.mine) return `/sites/${site}/approvals`;
  if (question.asks === "was")
    return address(`/sites/${site}/environments/${question.environment.slug}`, { as_of: shortest(question.at) });
}

/** The words that are looked for; none where the question has only its own. */
function soughtBy(question: Question, text: string): string {
  if ("what" in question) return question.what;
  return question.asks === "changed" || question.asks === "waits" ? "" : text;
}

/** What is found by its words, kind by kind. */
async function groupsOf(c: SiteContext, sought: string, only?: EntryKind): Promise<Group[]> {
  const wanted = wantedOf(sought);
  const slice = { after: only && readAfter(c.req.query("after")), limit: size };
  const groups: Group[] = [];
  for (const kind of only ? [only] : kinds)
    groups.push(await findGroup(c.var.db, c.var.access.site.id, kind, wanted, slice));
  return groups.filter(
    (group) => group.artifacts.length + group.releases.length + group.promotions.length + group.events.length,
  );
}

/** `12.345`: how long the last one was, and its id. */
function readAfter(text: string | undefined): Place | undefined {
  const [, length, id] = /^(\d{1,6})\.(\d{1,15})$/.exec(text ?? "") ?? [];
  return length && id ? { size: Number(length), id: Number(id) } : undefined;
}
