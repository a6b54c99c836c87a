import { deflateSync, inflateSync } from "node:zlib";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { sha256 } from "../database/ids.ts";

/** Keeps contents of pages by their SHA-256. Call it in the transaction that refers to them. */
export async function keepContents(trx: Database, contents: string[]): Promise<void> {
  const rows = [...new Set(contents)].map((content) => ({
    digest: sha256(content),
    packed: deflateSync(content).toString("base64"),
    bytes: Buffer.byteLength(content),
  }));
  // in one order, and locked even if they are there, so that nobody else deletes them meanwhile
  for (const row of rows.sort((a, b) => (a.digest < b.digest ? -1 : 1)))
    await trx
      .insertInto("observed_contents")
      .values(row)
      .onConflict((conflict) => conflict.column("digest").doUpdateSet({ bytes: row.bytes }))
      .execute();
}

/** A content that is kept; undefined if it is not. */
export async function loadContent(db: Database, digest: string | null | undefined): Promise<string | undefined> {
  if (!digest) return;
  const query = db.selectFrom("observed_contents").select("packed").where("digest", "=", digest);
  const row = await query.executeTakeFirst();
  return row && inflateSync(Buffer.from(row.packed, "base64")).toString();
}

/** Deletes those of the contents to which nothing refers any more. `referring`: the observations that were deleted. */
export async function pruneContents(trx: Database, referring: { content: string | null }[]): Promise<void> {
  const candidates = [...new Set(referring.flatMap(({ content }) => content ?? []))].sort();
  await inBatches(candidates, (batch) =>
    trx
      .deleteFrom("observed_contents as c")
      .where("c.digest", "in", batch)
      .where((eb) => {
        const observed = eb.selectFrom("observations as o").select("o.id").whereRef("o.content", "=", "c.digest");
        const seen = eb.selectFrom("seen_versions as s").select("s.version_id").whereRef("s.content", "=", "c.digest");
        return eb.not(eb.or([eb.exists(observed), eb.exists(seen)]));
      })
      .execute(),
  );
}
