import { countOf, formatCount, joinWithAnd } from "../text.ts";

/** Pages without a version: `dated` took the date of their last change, `baseline` this word. */
export type Unversioned = "dated" | "baseline";

/** What was passed over or assumed while lines were read: each is pointed out once, with a count. */
export class Notices {
  /** The headings of columns, and names of fields, that are not recorded. */
  readonly columns = new Set<string>();
  /** The hosts of addresses that were left out, with how many there were. */
  readonly otherHosts = new Map<string, number>();
  readonly unversioned: Record<Unversioned, number> = { dated: 0, baseline: 0 };
  /** Lines that are the same as an earlier one. */
  private repeated = 0;
  /** The host that was taken for the environment's, as it has no server. */
  assumedHost: string | undefined;
  /** An export says in its last line how many rows it has. */
  readonly rows: { read: number; promised?: number } = { read: 0 };

  /** Counts a line that is the same as an earlier one; its page was counted with that. */
  passOver({ unversioned }: { unversioned?: Unversioned }): void {
    this.repeated++;
    if (unversioned) this.unversioned[unversioned]--;
  }

  sentences(): string[] {
    return [
      this.columns.size ? `Not recorded: ${columnsInWords([...this.columns])}.` : "",
      this.otherHosts.size ? hostsInWords([...this.otherHosts]) : "",
      this.assumedHost ? `This environment has no server yet, so ${this.assumedHost} was read as its address.` : "",
      this.repeated
        ? `${countOf(this.repeated, "line is", "lines are")} the same as an earlier line, and passed over.`
        : "",
      unversionedInWords(this.unversioned),
      this.rows.promised !== undefined && this.rows.promised !== this.rows.read
        ? `The last line of this export counts ${countOf(this.rows.promised, "row")}, but there ${this.rows.read === 1 ? "is" : "are"} ${formatCount(this.rows.read)}.`
        : "",
    ].filter(Boolean);
  }
}

const maxNames = 12;

function columnsInWords(names: string[]): string {
  const shown = names.slice(0, maxNames).map((name) => `“${name.slice(0, 60)}”`);
  const more = names.length - shown.length;
  return `${names.length === 1 ? "the column" : "the columns"} ${joinWithAnd(more ? [...shown, `${more} more`] : shown)}`;
}

function hostsInWords(hosts: [host: string, count: number][]): string {
  const sum = hosts.reduce((sum, [, count]) => sum + count, 0);
  const shown = hosts.slice(0, maxNames).map(([host, count]) => `${host} (${formatCount(count)})`);
  const more = hosts.length - shown.length;
  const names = joinWithAnd(more ? [...shown, countOf(more, "more", "more")] : shown);
  return `${countOf(sum, "address is", "addresses are")} not on this environment’s servers, and left out: ${names}.`;
}

function unversionedInWords({ dated, baseline }: Notices["unversioned"]): string {
  if (!dated && !baseline) return "";
  const pages = countOf(dated + baseline, "page has", "pages have");
  const label = !baseline
    ? "the date of the last change"
    : !dated
      ? "“baseline”"
      : `the date of the last change, or “baseline” for ${formatCount(baseline)}`;
  return `${pages} no version here. The label is ${label}.`;
}
