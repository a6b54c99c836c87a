import { Hono } from "hono";
import { pathWithQuery, shortMoment } from "../../views/parts/address.ts";
import { type SearchProps, searchPage } from "../../views/search/page.ts";
import { roleNames } from "../access/roles.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { sitePage } from "../http/pages.ts";
import { type SearchKind, searchKinds } from "../record/search-index.ts";
import { controlCharacters } from "../text.ts";
import { answerQuestion } from "./answers.ts";
import { exampleOf, findGroup, type Group, type SearchPosition } from "./queries.ts";
import { parseQuestion, type Question } from "./questions.ts";
import { parseSearchQuery } from "./search-query.ts";

export const searchRoutes = new Hono<SiteEnv>();

const size = 20;

const longest = 2000;

searchRoutes.get("/", async (c) => {
  const { db, at: now } = c.var;
  const { site } = c.var.access;
  const text = (c.req.query("q") ?? "").slice(0, longest).replace(new RegExp(controlCharacters, "gu"), " ").trim();
  const only = searchKinds.find((kind) => kind === c.req.query("in"));
  const roles = await roleNames(db);
  const named = Object.entries(roles).map(([slug, name]) => ({ slug, name }));
  const question = parseQuestion(text, { ...site, roles: named }, now);
  const elsewhere = elsewhereOf(site.slug, question);
  if (elsewhere && !only) return c.redirect(elsewhere, 303);
  const props: SearchProps = {
    site,
    now,
    text,
    sought: soughtBy(question, text),
    answer: text && !only ? await answerQuestion(db, site, question, text, now) : undefined,
    groups: await groupsOf(c, soughtBy(question, text), only),
    only,
    roles,
    example: await exampleOf(db, site),
  };
  return sitePage(c, { title: text ? `Search: ${text.slice(0, 60)}` : "Search" }, searchPage(props));
});

/** Some questions have a page of their own for an answer. */
function elsewhereOf(site: string, question: Question): string | undefined {
  if (question.asks === "waits" && question.mine) return `/sites/${site}/approvals`;
  if (question.asks === "was")
    return pathWithQuery(`/sites/${site}/environments/${question.environment.slug}`, {
      as_of: shortMoment(question.at),
    });
}

/** The words that are looked for; none where the question has only its own. */
function soughtBy(question: Question, text: string): string {
  if ("what" in question) return question.what;
  return question.asks === "changed" || question.asks === "waits" ? "" : text;
}

/** What is found by its words, kind by kind. */
async function groupsOf(c: SiteContext, sought: string, only?: SearchKind): Promise<Group[]> {
  const wanted = parseSearchQuery(sought);
  const slice = { after: only && readAfter(c.req.query("after")), limit: size };
  const groups: Group[] = [];
  for (const kind of only ? [only] : searchKinds)
    groups.push(await findGroup(c.var.db, c.var.access.site.id, kind, wanted, slice));
  return groups.filter(
    (group) => group.artifacts.length + group.releases.length + group.promotions.length + group.events.length,
  );
}

/** `12.345`: how long the last one was, and its id. */
function readAfter(text: string | undefined): SearchPosition | undefined {
  const [, length, id] = /^(\d{1,6})\.(\d{1,15})$/.exec(text ?? "") ?? [];
  return length && id ? { size: Number(length), id: Number(id) } : undefined;
}
