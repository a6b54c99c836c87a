/** Headings that say that the keys are names of software. Beside no version they are none: `software,checkout,3.4.1`. */
const softwareHeadings = "software softwarename package packagename component componentname";

/** The fields of a line, each with the headings under which people and other programs write it; the first are preferred. */
const headings = {
  kind: "kind",
  type: "type",
  key: `key path url address loc location uri link permalink pageurl pageaddress pagepath urlpath fullurl canonicalurl landingpage toppages webaddress pagepathandscreenclass page name ${softwareHeadings}`,
  version: "version versionlabel",
  title: "title pagetitle title1 seotitle headline page name",
  digest: "digest contentdigest",
  source: "source",
  notes: "notes",
  effective_at: "effectiveat at",
  lastmod:
    "lastmod lastmodified lastmodifieddate lastmodification datemodified modified modifiedat lastupdated lastupdate updated updatedat lastchange lastchanged changed",
} as const;

export type Field = keyof typeof headings;

/** What else the product's own exports have: known, and recorded anew, not taken over. */
const ofExports =
  "recorded_at deployment promotion approved_by out_of_band baseline before_approval rollback_of rollback_in_part rolled_back_by rolled_back_in_part without_gate title_now end rows".split(
    " ",
  );

export interface Columns {
  /** The index of each field that is there. */
  fields: Partial<Record<Field, number>>;
  /** What is listed, if the heading of the keys says so. */
  kind: "software" | undefined;
  /** The headings that mean nothing here. */
  unknown: string[];
  /** This is an export of Sitebook, in which an apostrophe stands before what a spreadsheet would evaluate. */
  exported: boolean;
}

/** The columns that a first line names; undefined if it is no heading, but a line of its own. */
export function readColumns(cells: string[]): Columns | undefined {
  if (cells.some((cell) => /^(\/|https?:\/\/)/i.test(cell))) return;
  const names = cells.map((cell) => cell.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ""));
  const fields: Columns["fields"] = {};
  const taken = new Set<number>();
  for (const [field, aliases] of Object.entries(headings)) {
    const index = aliases
      .split(" ")
      .map((alias) => names.indexOf(alias))
      .find((index) => index >= 0 && !taken.has(index));
    if (index === undefined) continue;
    fields[field as Field] = index;
    taken.add(index);
  }
  if (fields.key === undefined) return;
  const kind = softwareHeadings.split(" ").includes(names[fields.key] ?? "") ? "software" : undefined;
  if (kind && fields.version === undefined) return;
  const rest = cells.filter((cell, i) => cell && !taken.has(i));
  const known = (name: string) => ofExports.includes(name.toLowerCase());
  return {
    fields,
    kind,
    unknown: rest.filter((name) => !known(name)),
    exported: rest.includes("recorded_at") && rest.includes("out_of_band"),
  };
}

/** The columns of a table without headings, by what its first line begins with. */
export function columnsByPosition(cells: string[]): Columns {
  const names: Field[] = /^(\/|https?:\/\/)/i.test(cells[0] ?? "")
    ? ["key", "version", "title"]
    : ["kind", "key", "version", "title", "digest", "source", "notes"];
  const fields = Object.fromEntries(names.map((name, i) => [name, i]));
  return { fields, kind: undefined, unknown: [], exported: false };
}

/** Whether a field of a JSON line is known. */
export const isKnownField = (name: string): boolean =>
  name in headings || ofExports.includes(name) || ["path", "name", "requires"].includes(name);
