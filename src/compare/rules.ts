import type { EnvironmentAtMoment } from "../record/references.ts";

/**
 * How one side of a comparison differs from the other. `missing`: `to` never had it. `unknown`: nothing was recorded of it
 * in the earlier environment, though the later one has it, so part of its history is missing.
 */
export const differenceKinds = ["added", "changed", "removed", "missing", "unknown"] as const;

export type DifferenceKind = (typeof differenceKinds)[number];

/** One page or software item on both sides: its versions, null if not there, and whether anything was recorded of it. */
export interface ComparedLine {
  from: string | null;
  to: string | null;
  from_recorded: boolean;
  to_recorded: boolean;
}

type Places = Record<"from" | "to", { environment: { position: number } }>;

/** Which side is the earlier environment; undefined if both are one environment at two moments. */
export function earlierSide({ from, to }: Places): "from" | "to" | undefined {
  if (from.environment.position === to.environment.position) return;
  return from.environment.position < to.environment.position ? "from" : "to";
}

/** Of a line whose versions differ. `differenceConditions` in queries.ts is the same in SQL. */
export function kindOf(line: ComparedLine, sides: Places): DifferenceKind {
  const earlier = earlierSide(sides);
  if (earlier && !line[`${earlier}_recorded`]) return "unknown";
  if (line.from === null) return "added";
  if (line.to !== null) return "changed";
  return line.to_recorded || !earlier ? "removed" : "missing";
}

/** What a promotion does in its target: see `changeOf` in promotions/request-rules.ts. */
export type Promoted = "new" | "changed" | "removed";

/** The kinds of differences under one name, as they are listed. */
export interface ListedChange {
  name: DifferenceKind | Promoted;
  kinds: DifferenceKind[];
}

const asPromotion: ListedChange[] = [
  { name: "new", kinds: ["missing", "removed"] },
  { name: "changed", kinds: ["changed"] },
  { name: "removed", kinds: ["added"] },
  { name: "unknown", kinds: ["unknown"] },
];

/** How differences are listed: as what a promotion would change, or each kind by itself. */
export const listedChanges = (promotes: boolean): ListedChange[] =>
  promotes ? asPromotion : differenceKinds.map((kind) => ({ name: kind, kinds: [kind] }));

/** What a promotion of this difference would do; null if it is unknown. */
export function promotedAs(kind: DifferenceKind): Promoted | null {
  const { name } = asPromotion.find(({ kinds }) => kinds.includes(kind)) as ListedChange;
  return name === "unknown" ? null : (name as Promoted);
}

/** Whether the comparison shows what a promotion would change: from an environment to the next, at one moment. */
export function isPromotion(
  site: { environments: { id: string }[] },
  { from, to }: Record<"from" | "to", EnvironmentAtMoment>,
): boolean {
  const at = site.environments.findIndex(({ id }) => id === from.environment.id);
  const isNext = at >= 0 && site.environments[at + 1]?.id === to.environment.id;
  return isNext && from.at === to.at && from.knownAt === to.knownAt;
}
