import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { artifactKey } from "../text.ts";
import type { NewFacts } from "./new-facts.ts";

/** The event that sets owners: its subject and seq. */
interface Change {
  change_id: string;
  seq: number;
}

/** Writes who owns artifacts since an event. The caller appends the event, which has the same rows. */
export async function writeOwnerships(
  trx: Database,
  change: Change,
  owners: { artifact_id: string; owner_id: string | null }[],
): Promise<void> {
  for (const [owner_id, owned] of Map.groupBy(owners, (row) => row.owner_id))
    await inBatches(owned, async (batch) => {
      await trx
        .insertInto("ownerships")
        .values(batch.map((row) => ({ ...change, ...row })))
        .execute();
      const ids = batch.map((row) => row.artifact_id);
      await trx.updateTable("artifacts").set({ owner_id }).where("id", "in", ids).execute();
    });
}

/** Writes the owners that new pages take from their sections. */
export function writeInheritedOwners(
  trx: Database,
  change: Change,
  { artifacts, owners }: Pick<NewFacts, "artifacts" | "owners">,
): Promise<void> {
  const ids = new Map(artifacts.map((artifact) => [artifactKey(artifact), artifact.id]));
  const rows = owners.map(({ owner_id, ...page }) => ({ artifact_id: ids.get(artifactKey(page)) as string, owner_id }));
  return writeOwnerships(trx, change, rows);
}

/** The owners that new pages take from their sections: those that the sections were given last. */
export async function inheritedOwners(
  db: Database,
  siteId: string,
  artifacts: Pick<NewFacts["artifacts"][number], "kind" | "key" | "section">[],
): Promise<NewFacts["owners"]> {
  const pages = artifacts.filter(({ kind }) => kind === "page");
  const owners = await sectionOwners(
    db,
    siteId,
    pages.map(({ section }) => section),
  );
  return pages.flatMap(({ kind, key, section }) => {
    const owner_id = owners.get(section);
    return owner_id ? [{ kind, key, owner_id }] : [];
  });
}

/** Who owns the pages that are recorded later, by section. A section whose owner was never set is missing. */
export async function sectionOwners(
  db: Database,
  siteId: string,
  sections: string[],
): Promise<Map<string, string | null>> {
  const rows = await inBatches([...new Set(sections)], (batch) =>
    db
      .selectFrom("section_owners")
      .select(["section", "owner_id"])
      .where("site_id", "=", siteId)
      .where("section", "in", batch)
      .orderBy("section")
      .orderBy("seq")
      .execute(),
  );
  return new Map(rows.map(({ section, owner_id }) => [section, owner_id]));
}
