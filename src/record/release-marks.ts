import { sql } from "kysely";
import type { Database } from "../database/connect.ts";
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
export const openMarkId = (release: string) => sql<string | null>`(
  select m.id from release_marks m
  where m.release_id = ${sql.ref(`${release}.id`)} and m.lifts_id is null
    and not exists (select 1 from release_marks l where l.lifts_id = m.id) limit 1)`;

/** Replaces the id of each row's mark, which few releases have, by `bad`: the mark, or null. */
export async function withMarks<R extends { bad_id: string | null }>(db: Database, rows: R[]) {
  const ids = rows.flatMap(({ bad_id }) => bad_id ?? []);
  const marks = new Map((ids.length ? await marksOf(db, ids) : []).map((mark) => [mark.id, mark]));
  return rows.map(({ bad_id, ...row }) => ({ ...row, bad: (bad_id !== null && marks.get(bad_id)) || null }));
}

const marksOf = (db: Database, ids: string[]): Promise<BadMark[]> =>
  db
    .selectFrom("release_marks as m")
    .innerJoin("releases as r", "r.id", "m.release_id")
    .innerJoin("people as p", "p.id", "m.person_id")
    .select([
      "m.id",
      "m.reason",
      "m.marked_at",
      "p.kind",
      personThen("p", "m.marked_at", "r.site_id").as("person"),
      personSince("p", "m.marked_at", "r.site_id").as("person_now"),
    ])
    .where("m.id", "in", ids)
    .execute();
