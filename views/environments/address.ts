import type { Environment } from "../../src/access/environments.ts";
import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { Deployment } from "../../src/deployments/queries.ts";
import type { Histogram } from "../../src/environments/histogram.ts";
import type { ApprovedBy } from "../../src/record/approvers.ts";
import type { PlacementAsOf } from "../../src/record/as-of.ts";
import type { ChangesAround, EnvironmentCounts } from "../../src/record/changes.ts";
import type { Correction } from "../../src/record/corrections.ts";
import type { Kind } from "../../src/schema.ts";
import { pathWithQuery, shortMoment } from "../parts/address.ts";

export type EnvironmentProps = {
  site: Site;
  environment: Environment;
  now: string;
  /** The past moment that is shown; nothing where it is now. */
  at?: string | undefined;
  knownAt?: string | undefined;
  /** What had to be decided about the moment. */
  said?: string | undefined;
  /** The moment as it is written in its field: what was asked for where that cannot be shown. */
  typed: string;
  /** The same for when it was known. */
  typedKnown: string;
  /** Whether it is known otherwise now than it was known then (or, without a moment at which it was known, at the moment itself). */
  knownOtherwise: boolean;
  /** Lines that were corrected after the moment at which they were known, by the seq of their placements. */
  corrected: Map<number, Correction>;
  /** Why it cannot be shown. */
  wrong?: { message: string } | undefined;
  filter: { kind?: Kind | undefined; text?: string | undefined };
  continued: boolean;
  /** Lines on a page, where they are more than usual. */
  size?: number | undefined;
  count: EnvironmentCounts;
  around: ChangesAround;
  /** Nothing where nothing was ever recorded. */
  histogram?: Histogram | undefined;
  lines: PlacementAsOf[];
  next?: string | undefined;
  approvers: Map<string, ApprovedBy[]>;
  removed: PlacementAsOf[];
  deployments: Deployment[];
  may: Permitted;
};

export const base = ({ site, environment }: EnvironmentProps): string =>
  `/sites/${site.slug}/environments/${environment.slug}`;

/** The same page with something else in its address. */
export const here = (props: EnvironmentProps, other: Record<string, string | undefined> = {}): string =>
  pathWithQuery(base(props), {
    as_of: props.at && shortMoment(props.at),
    known_at: props.knownAt && shortMoment(props.knownAt),
    ...props.filter,
    size: props.size && String(props.size),
    ...other,
  });
