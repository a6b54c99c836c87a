import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import type { Found } from "./rules.ts";

export type FindingName = Pick<Found, "path" | "code" | "sentence">;

/** What a visit changed. An accepted finding in which something else is found now is opened anew. */
export interface FindingChanges {
  opened: FindingName[];
  settled: FindingName[];
}

interface Scope {
  about: { site_id: string; environment_id: string; server_id: string };
  now: string;
  /** Which findings stay as they are if they are not found, as nothing is known about them. */
  stays: (finding: { path: string; code: string }) => boolean;
}

/** Opens what is found on a server, and settles what is no longer found. */
export async function reconcile(trx: Database, found: Found[], { about, now, stays }: Scope): Promise<FindingChanges> {
  const unsettled = await trx
    .selectFrom("findings")
    .select(["id", "path", "code", "sentence", "content", "accepted_at"])
    .where("server_id", "=", about.server_id)
    .where("settled_at", "is", null)
    .execute();
  const known = new Map(unsettled.map((finding) => [findingKey(finding), finding]));
  const stillFound = new Set(found.map(findingKey));
  const isChanged = (one: Found) => {
    const before = known.get(findingKey(one));
    return before !== undefined && (before.sentence !== one.sentence || before.content !== one.content);
  };
  const isAccepted = (one: Found) => Boolean(known.get(findingKey(one))?.accepted_at);
  const gone = unsettled.filter((finding) => !stillFound.has(findingKey(finding)) && !stays(finding));
  const reopened = found.filter((one) => isAccepted(one) && isChanged(one));
  const fresh = [...found.filter((one) => !known.has(findingKey(one))), ...reopened];
  const idOf = (one: Found) => known.get(findingKey(one))?.id ?? "";
  await settle(trx, gone, "gone", now);
  await settle(
    trx,
    reopened.map((one) => ({ id: idOf(one) })),
    "changed",
    now,
  );
  await open(trx, fresh, about, now);
  for (const one of found.filter((one) => isChanged(one) && !isAccepted(one))) {
    const { sentence, content } = one;
    await trx.updateTable("findings").set({ sentence, content }).where("id", "=", idOf(one)).execute();
  }
  return { opened: fresh, settled: gone as FindingName[] };
}

export const findingKey = ({ code, path }: { code: string; path: string }): string => `${code} ${path}`;

/** Lists are newest first, and those of one visit in order of paths. */
async function open(trx: Database, fresh: Found[], about: Scope["about"], now: string): Promise<void> {
  const ids = fresh.map(() => newId(Date.parse(now))).sort();
  const inOrder = fresh.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const rows = inOrder.map((one) => ({ id: ids.pop() as string, ...about, ...one, opened_at: now }));
  await inBatches(rows, (batch) => trx.insertInto("findings").values(batch).execute());
}

/** Settles findings that are unsettled. */
export async function settle(
  trx: Database,
  findings: { id: string }[],
  settled_how: "gone" | "recorded" | "changed",
  settled_at: string,
): Promise<void> {
  await inBatches(
    findings.map(({ id }) => id),
    (ids) => trx.updateTable("findings").set({ settled_at, settled_how }).where("id", "in", ids).execute(),
  );
}
