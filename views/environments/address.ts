import type { Environment } from "../../src/access/environments.ts";
import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { FindingMark } from "../../src/board/finding-marks.ts";
import type { Deployment } from "../../src/deployments/queries.ts";
import type { Histogram } from "../../src/environments/histogram.ts";
import type { countFindings } from "../../src/findings/queries.ts";
import type { Freeze } from "../../src/freezes/queries.ts";
import type { Window } from "../../src/freezes/recurrence.ts";
import type { ApprovedBy } from "../../src/record/approvers.ts";
import type { PlacementAsOf } from "../../src/record/as-of.ts";
import type { ChangesAround, EnvironmentCounts } from "../../src/record/changes.ts";
import type { Correction } from "../../src/record/corrections.ts";
import type { Kind } from "../../src/schema.ts";
import { pathWithQuery, shortMoment } from "../parts/address.ts";

export type EnvironmentProps = {
  site: Site;
  environment: Environment;
  /** What its gate asked at the moment that is shown, in words; undefined if that is not on record. */
  gate: string | undefined;
  /** What it was called at the moment that is shown. */
  nameThen: string;
  now: string;
  /** The past moment that is shown, ISO 8601 UTC; undefined: now. */
  at?: string | undefined;
  knownAt?: string | undefined;
  /** How an ambiguous moment was read. */
  momentNote?: string | undefined;
  /** The text in the moment's field; what the user typed, if that is not a moment. */
  asOfText: string;
  /** The same for `knownAt`. */
  knownAtText: string;
  /** Whether the record of the moment is different today from what was known at `knownAt`, or at the moment itself. */
  recordDiffers: boolean;
  /** By artifact id: what pages are called on the environment by now, if that is not what they were called then. */
  titlesNow: Map<string, string>;
  /** The lines that were corrected after `knownAt`, by the seq of their placements. */
  corrected: Map<number, Correction>;
  /** Why the moment cannot be shown. */
  wrong?: { message: string } | undefined;
  filter: { kind?: Kind | undefined; text?: string | undefined };
  isContinued: boolean;
  /** Lines on a page, if not the default. */
  size?: number | undefined;
  count: EnvironmentCounts;
  around: ChangesAround;
  /** Undefined if nothing was ever recorded. */
  histogram?: Histogram | undefined;
  lines: PlacementAsOf[];
  next?: string | undefined;
  approvers: Map<string, ApprovedBy[]>;
  removed: PlacementAsOf[];
  deployments: Deployment[];
  /** The environments from which this one can be filled in one step. */
  sameAs: Environment[];
  /** How many are open, by kind; none in the past. */
  findings: Awaited<ReturnType<typeof countFindings>>;
  /** What visits found about the lines, by key; nothing in the past. */
  marks: Map<string, FindingMark>;
  /** The freezes that cover the moment, each with its window, and those planned after it. */
  freezes: (Freeze & { window: Window; active: boolean })[];
  /** Makes a repeated form harmless. */
  key: string;
  may: Permitted;
};

export const base = ({ site, environment }: EnvironmentProps): string =>
  `/sites/${site.slug}/environments/${environment.slug}`;

/** The address of the same page with some of its query changed. */
export const pageHref = (props: EnvironmentProps, changes: Record<string, string | undefined> = {}): string =>
  pathWithQuery(base(props), {
    as_of: props.at && shortMoment(props.at),
    known_at: props.knownAt && shortMoment(props.knownAt),
    ...props.filter,
    size: props.size && String(props.size),
    ...changes,
  });
