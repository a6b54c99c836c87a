import type { Environment } from "../access/environments.ts";
import type { Schema } from "../schema.ts";
import { whyNotName } from "../text.ts";

export type FeedKind = Schema["feeds"]["kind"];

/** How the address of a feed ends, which tells browsers and programs what it is. */
export const feedEndings = {
  environment: "atom",
  calendar: "ics",
  badge_environment: "svg",
  badge_software: "svg",
  badge_promotion: "svg",
} as const satisfies Record<FeedKind, string>;

/** What a feed is about, by the names of today; null if its kind does not need it. */
export interface FeedSubject {
  kind: FeedKind;
  environment: string | null;
  software: string | null;
  promotion: number | null;
}

/** "Changes on live", "Calendar", "Badge: catalogue on live" */
export function feedTitle({ kind, environment, software, promotion }: FeedSubject): string {
  const titles: Record<FeedKind, string> = {
    environment: `Changes on ${environment}`,
    calendar: "Calendar",
    badge_environment: `Badge: last change on ${environment}`,
    badge_software: `Badge: ${software} on ${environment}`,
    badge_promotion: `Badge: promotion ${promotion}`,
  };
  return titles[kind];
}

/** The kinds between which a person chooses, one for each environment where it is about one. */
export function feedChoices(environments: Pick<Environment, "slug" | "name">[]): { value: string; label: string }[] {
  const each = (kind: FeedKind, label: (name: string) => string) =>
    environments.map(({ slug, name }) => ({ value: `${kind}:${slug}`, label: label(name) }));
  return [
    ...each("environment", (name) => `Changes on ${name} (Atom)`),
    { value: "calendar:", label: "Calendar: freezes, plans and deadlines (iCalendar)" },
    ...each("badge_environment", (name) => `Badge: last change on ${name} (SVG)`),
    ...each("badge_software", (name) => `Badge: version of software on ${name} (SVG)`),
    { value: "badge_promotion:", label: "Badge: state of a promotion (SVG)" },
  ];
}

/** The kind and the environment's slug of such a choice; undefined if it is none. */
export function readFeedChoice(choice: string): { kind: FeedKind; environment: string | undefined } | undefined {
  const [kind = "", environment = ""] = choice.split(":");
  if (!Object.hasOwn(feedEndings, kind)) return;
  return { kind: kind as FeedKind, environment: environment || undefined };
}

/** Why a feed cannot have this name; undefined if it can. A name may be missing. */
export const whyNotFeedName = (name: string): string | undefined => (name.trim() ? whyNotName(name) : undefined);

const maxFeeds = 50;

/** Why a person who has so many addresses on a site cannot create another. */
export const whyNotMoreFeeds = (count: number): string | undefined =>
  count >= maxFeeds ? `You have ${maxFeeds} addresses on this site. Revoke one first.` : undefined;
