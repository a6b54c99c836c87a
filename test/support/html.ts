import { type ConfigData, HtmlValidate, type ResolvedConfig, StaticConfigLoader } from "html-validate";
import { idsAndReferences, unknownParts } from "./html-parts.ts";

const rules: ConfigData["rules"] = {
  "doctype-style": "off",
  // A form sends a list as fields of the same name.
  "form-dup-name": "off",
  // A title has names and paths that people chose; browsers shorten it, and no search engine reads it.
  "long-title": "off",
  // Checked in the whole page, of which only a part is validated.
  "no-dup-id": "off",
  "no-missing-references": "off",
  // All scripts come from the same server.
  "require-sri": "off",
};

function validator(presets: string[]): HtmlValidate {
  return new HtmlValidate(new ConfigOnce({ extends: presets, rules }));
}

/** Resolves its configuration once: for each page that takes a quarter of the validation. */
class ConfigOnce extends StaticConfigLoader {
  #resolved: ResolvedConfig | Promise<ResolvedConfig> | undefined;

  override getConfigFor(handle: string): ResolvedConfig | Promise<ResolvedConfig> {
    this.#resolved ??= super.getConfigFor(handle);
    return this.#resolved;
  }
}

const fragments = validator(["html-validate:recommended"]);
const pages = validator(["html-validate:recommended", "html-validate:document"]);

/** The skeletons of parts found good. */
const known = new Set<string>();

/** The problems of a page or fragment, one per line: bad markup, and what the content security policy would refuse. */
export function validHtml(markup: string): string[] {
  const { sample, skeletons } = unknownParts(markup, known);
  const wrong = skeletons.size ? badMarkup(sample) : [];
  if (!wrong.length) for (const skeleton of skeletons) known.add(skeleton);
  return [...wrong, ...badIds(markup), ...badTables(markup), ...refusedByPolicy(markup)];
}

function badMarkup(markup: string): string[] {
  const { results } = (/^\s*<!doctype/i.test(markup) ? pages : fragments).validateStringSync(markup);
  const bad = results.flatMap(({ messages }) => messages);
  return bad.map(({ line, message, ruleId }) => `${message} (${ruleId}): ${markup.split("\n")[line - 1]}`);
}

/** The ids that are there twice, and the references to none: in the whole page, since a sample lacks most of them. */
function badIds(markup: string): string[] {
  const found = [...markup.matchAll(idsAndReferences)].flatMap(([, name, ids = ""]) =>
    ids.split(" ").map((id) => ({ name, id })),
  );
  const ids = new Set<string>();
  const twice = found.filter(({ name, id }) => name === "id" && (ids.has(id) || !ids.add(id)));
  const missing = found.filter(({ id }) => !ids.has(id));
  return [
    ...twice.map(({ id }) => `the id ${id} is there twice`),
    ...missing.map(({ name, id }) => `${name} names ${id}, which is missing`),
  ];
}

/** The rows with more or fewer cells than their table has headings. */
function badTables(markup: string): string[] {
  return [...markup.matchAll(/<table\b.*?<\/table>/gs)].flatMap(([table]) => {
    const [headings = 0, ...rows] = (table.match(/<tr\b.*?(?=<tr\b|<\/t(?:r|head|body|able)\b)/gs) ?? []).map(
      columnsOf,
    );
    return rows.filter((cells) => cells !== headings).map((cells) => `${cells} cells under ${headings} headings`);
  });
}

const columnsOf = (row: string): number =>
  [...row.matchAll(/<t[hd]\b([^>]*)/g)].reduce(
    (sum, [, attributes = ""]) => sum + Number(/colspan="(\d+)"/.exec(attributes)?.[1] ?? 1),
    0,
  );

function refusedByPolicy(markup: string): string[] {
  return [...markup.matchAll(tags)].flatMap(([tag, name = "", rest = ""]) => {
    if (!suspect.test(tag)) return [];
    const pairs = [...rest.matchAll(attributes)].map(
      ([, attribute = "", double, single, bare]) => [attribute.toLowerCase(), double ?? single ?? bare ?? ""] as const,
    );
    const reasons = [
      whyNotElement(name.toLowerCase(), new Map(pairs)),
      ...pairs.map(([attribute, value]) => whyNotAttribute(attribute, value)),
    ];
    return reasons.filter((reason) => reason !== undefined).map((reason) => `${reason}: ${tag}`);
  });
}

/** What the reasons below look for: to take all tags apart takes far longer. */
const suspect = /^<script|style|hx-trigger|[\s=/"'](?:hx-)?on|(?:javascript|js):/i;
const tags = /<([a-z][\w-]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>/gi;
const attributes = /([^\s=/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;

function whyNotElement(name: string, attributes: Map<string, string>): string | undefined {
  if (name === "script" && !attributes.has("src")) return "An inline script is refused; scripts are files";
  if (name === "style") return "An inline stylesheet is refused; there is one stylesheet";
}

function whyNotAttribute(name: string, value: string): string | undefined {
  if (name === "style") return "An inline style is refused";
  if (/^on|^hx-on/.test(name)) return "A handler in markup is refused; sitebook.js listens";
  // what a person typed into a field is only text
  if (name !== "value" && /^\s*(javascript|js):/i.test(value)) return "A script in an attribute is refused";
  if (name.startsWith("hx-trigger") && value.includes("[")) return "A trigger's filter needs eval, which is refused";
}
