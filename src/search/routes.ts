import { Hono } from "hono";
import { pathWithQuery, shortMoment } from "../../views/parts/address.ts";
import { type SearchProps, searchPage } from "../../views/search/page.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { sitePage } from "../http/pages.ts";
import { formerNames } from "../record/former-names.ts";
import { roleNamesOverTime } from "../record/role-names.ts";
import { type SearchKind, searchKinds } from "../record/search-index.ts";
import { isUnknown, knownEnvironments } from "../record/unknown.ts";
import { controlCharacters } from "../text.ts";
import { answerQuestion, subjectOf } from "./answers.ts";
import { examplePage, type FoundArtifact, findGroup, type ResultGroup, type SearchPosition } from "./queries.ts";
import { parseQuestion, type Question } from "./questions.ts";
import { parseSearchQuery, type SearchQuery } from "./search-query.ts";

export const searchRoutes = new Hono<SiteEnv>();

const pageSize = 20;

const maxCharacters = 2000;

searchRoutes.get("/", async (c) => {
  const { db, at: now } = c.var;
  const { site } = c.var.access;
  const text = (c.req.query("q") ?? "")
    .slice(0, maxCharacters)
    .replace(new RegExp(controlCharacters, "gu"), " ")
    .trim();
  const only = searchKinds.find((kind) => kind === c.req.query("in"));
  const rolesAt = await roleNamesOverTime(db);
  const roles = rolesAt(null);
  const roleList = Object.entries(roles).map(([slug, name]) => ({ slug, name }));
  const environmentIds = [...site.environments, ...site.retired].map(({ id }) => id);
  const scope = { ...site, roles: roleList, formerNames: await formerNames(db, environmentIds) };
  const question = parseQuestion(text, scope, now);
  const answerPath = answerPathOf(site.slug, question);
  if (answerPath && !only) return c.redirect(answerPath, 303);
  const query = parseSearchQuery(searchTextOf(question, text));
  const all = await findGroups(c, query, only);
  // without a result for all words, those for any of them
  const any = !all.length && query.phrases.length > 1 ? await findGroups(c, { ...query, any: true }, only) : [];
  const props: SearchProps = {
    site,
    now,
    text,
    searchText: searchTextOf(question, text),
    answer: text && !only ? await answerQuestion(db, site, question, text, { now, roles }) : undefined,
    groups: all.length ? all : any,
    unknown: await unknownCells(
      c,
      [...all, ...any].flatMap(({ artifacts }) => artifacts),
    ),
    isAnyWord: any.length > 0,
    only,
    roles,
    rolesAt,
    example: await examplePage(db, site),
  };
  return sitePage(c, { title: text ? `Search: ${text.slice(0, 60)}` : "Search" }, searchPage(props));
});

/** Of each artifact by its id, whether it is unknown what each environment has of it. */
async function unknownCells(c: SiteContext, artifacts: FoundArtifact[]): Promise<Map<string, boolean[]>> {
  const { site } = c.var.access;
  const known = knownEnvironments(await c.var.siteSummary(c.var.db, site));
  return new Map(
    artifacts.map(({ id, current }) => {
      const states = site.environments.map((environment) => ({
        environmentKnown: known.has(environment.id),
        recorded: current.find((placement) => placement.environment === environment.slug),
      }));
      return [id, states.map((_, i) => isUnknown(states, i))];
    }),
  );
}

/** The page that answers a question, if there is one. */
function answerPathOf(site: string, question: Question): string | undefined {
  if (question.asks === "waiting" && question.mine) return `/sites/${site}/approvals`;
  if (question.asks === "out of band") return `/sites/${site}?out_of_band=1`;
  if (question.asks === "past contents")
    return pathWithQuery(`/sites/${site}/environments/${question.environment.slug}`, {
      as_of: shortMoment(question.at),
    });
}

/** The words to search for; empty for a question that names nothing to be found. */
function searchTextOf(question: Question, text: string): string {
  if ("what" in question) return subjectOf(question.what);
  return ["changed", "waiting", "approved"].includes(question.asks) ? "" : text;
}

/** The results of the search, by kind. */
async function findGroups(c: SiteContext, query: SearchQuery, only?: SearchKind): Promise<ResultGroup[]> {
  const slice = { after: only && readAfter(c.req.query("after")), limit: pageSize };
  const groups: ResultGroup[] = [];
  for (const kind of only ? [only] : searchKinds)
    groups.push(await findGroup(c.var.db, c.var.access.site.id, kind, query, slice));
  return groups.filter(
    (group) => group.artifacts.length + group.releases.length + group.promotions.length + group.events.length,
  );
}

/** `12.345`: the size and the id of a SearchPosition. */
function readAfter(text: string | undefined): SearchPosition | undefined {
  const [, length, id] = /^(\d{1,6})\.(\d{1,15})$/.exec(text ?? "") ?? [];
  return length && id ? { size: Number(length), id: Number(id) } : undefined;
}
