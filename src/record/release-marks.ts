import { sql } from "kysely";
import { nameWithKind } from "../text.ts";
import { personSince, personThen } from "./former-names.ts";

/** That a release is marked as bad, and by whom. */
export interface BadMark {
  id: string;
  reason: string;
  person: string;
  /** What the person is called now, if that differs. */
  person_now: string | null;
  kind: "person" | "machine";
  marked_at: string;
}

export const badReleaseCode = "release_bad";

/** "Release 7 was marked as bad by Theo: Wrong prices. …", for everything that the mark blocks. */
export function badInWords(release: number, { person, kind, reason }: Pick<BadMark, "person" | "kind" | "reason">) {
  const end = /[.!?]$/.test(reason) ? "" : ".";
  return `Release ${release} was marked as bad by ${nameWithKind({ name: person, kind })}: ${reason}${end}`;
}

/** The id of the mark of the release `release` of the query that was not lifted; null if there is none. */
export const openMarkId = (release: string) => sql<string>`(
  select m.id from release_marks m
  where m.release_id = ${sql.ref(`${release}.id`)} and m.lifts_id is null
    and not exists (select 1 from release_marks l where l.lifts_id = m.id) limit 1)`;

/** The columns of a mark `bad`, and of its author `marker`, that are left joined to a query. */
export const markColumns = [
  sql<string | null>`bad.id`.as("bad_id"),
  sql<string | null>`bad.reason`.as("bad_reason"),
  sql<string | null>`bad.marked_at`.as("bad_at"),
  sql<"person" | "machine" | null>`marker.kind`.as("bad_kind"),
  personThen("marker", "bad.marked_at", "r.site_id").$castTo<string | null>().as("bad_by"),
  personSince("marker", "bad.marked_at", "r.site_id").$castTo<string | null>().as("bad_by_now"),
] as const;

interface MarkColumns {
  bad_id: string | null;
  bad_reason: string | null;
  bad_at: string | null;
  bad_kind: "person" | "machine" | null;
  bad_by: string | null;
  bad_by_now: string | null;
}

/** Replaces these columns of a row by `bad`: the mark, or null. */
export function withMark<R extends MarkColumns>(row: R): Omit<R, keyof MarkColumns> & { bad: BadMark | null } {
  const { bad_id, bad_reason, bad_at, bad_kind, bad_by, bad_by_now, ...more } = row;
  const bad =
    bad_id !== null && bad_reason !== null && bad_at !== null
      ? {
          id: bad_id,
          reason: bad_reason,
          marked_at: bad_at,
          kind: bad_kind ?? ("person" as const),
          person: bad_by ?? "",
          person_now: bad_by_now,
        }
      : null;
  return { ...more, bad };
}
