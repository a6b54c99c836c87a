import { sql } from "kysely";
import type { Actor } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import { personName } from "../access/person-name.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { notFound, refuse, refuseFields } from "../errors.ts";
import { appendEvent } from "../record/events.ts";
import { personSince, personThen } from "../record/former-names.ts";
import { normalKey } from "../record/keys.ts";
import { sectionOwners, writeOwnerships } from "../record/ownerships.ts";
import type { Kind } from "../schema.ts";

/** One page or software item, or all pages of a section, also those that are recorded later. */
export type OwnedScope = { kind: Kind; key: string } | { section: string };

export interface NewOwner {
  of: OwnedScope;
  /** The id or e-mail address of a person with a role on the site; null: nobody. */
  owner: string | null;
}

/**
 * Records who owns pages or software from now on. Returns how many have another owner than before. `recorded`: whether
 * that changes anything, also for pages that are recorded later; otherwise there is no event. Throws a Refusal with 403, with 404 for an unknown page, software item or section, or with 422.
 */
export function setOwner(
  db: Database,
  actor: Actor,
  site: Site,
  { of, owner }: NewOwner,
): Promise<{ changed: number; recorded: boolean; owner: string | null }> {
  refuse(whyNotMay(actor, "assign"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const person = owner === null ? undefined : await findOwner(trx, site.id, owner);
    const owner_id = person?.id ?? null;
    const all = await artifactsIn(trx, site.id, of);
    if (!all.length) notFound("section" in of ? `section /${of.section}` : of.key);
    const changed = all.filter((row) => row.owner_id !== owner_id);
    const recorded =
      changed.length > 0 || ("section" in of && (await laterOwner(trx, site.id, of.section)) !== owner_id);
    const result = { changed: changed.length, recorded, owner: person?.name ?? null };
    if (recorded) await writeOwner(trx, actor, site, { of, owner: person, changed });
    return result;
  });
}

type Owned = { id: string; kind: Kind; key: string };

/** Records an owner within a transaction that has locked the site. `changed`: what has another owner than before. */
async function writeOwner(
  trx: Database,
  actor: Actor,
  site: { id: string },
  { of, owner, changed }: { of: OwnedScope; owner: { id: string; name: string } | undefined; changed: Owned[] },
): Promise<void> {
  const [id, owner_id] = [newId(Date.parse(actor.at)), owner?.id ?? null];
  const [only] = changed;
  const what = "section" in of ? { section: of.section, later_pages: true } : { kind: only?.kind, key: only?.key };
  const seq = await appendEvent(trx, actor, site.id, {
    action: "owner_set",
    subject: "section" in of ? `section /${of.section}` : `${only?.kind} ${only?.key}`,
    subject_id: id,
    details: {
      ...what,
      owner: owner?.name ?? null,
      owner_id,
      count: changed.length,
      artifacts: changed.map(({ kind, key }) => ({ kind, key })),
    },
  });
  const rows = changed.map((row) => ({ artifact_id: row.id, owner_id }));
  await writeOwnerships(trx, { change_id: id, seq }, rows);
  if ("section" in of) {
    const row = { change_id: id, site_id: site.id, seq, section: of.section, owner_id };
    await trx.insertInto("section_owners").values(row).execute();
  }
}

/** What a person owns on a site: pages and software by key, and the sections whose pages recorded later would be theirs. */
async function ownedBy(db: Database, siteId: string, personId: string) {
  const artifacts = await selectOwned(db, siteId, personId).orderBy("kind").orderBy("key").execute();
  return { artifacts, sections: await sectionsOf(db, siteId, personId) };
}

/** The same without an order, and at most `limit` pages and software. */
export async function someOwnedBy(db: Database, siteId: string, personId: string, limit: number) {
  const artifacts = await selectOwned(db, siteId, personId).limit(limit).execute();
  return { artifacts, sections: await sectionsOf(db, siteId, personId) };
}

const selectOwned = (db: Database, siteId: string, personId: string) =>
  db
    .selectFrom("artifacts")
    .select(["id", "kind", "key", "section"])
    .where("site_id", "=", siteId)
    .where("owner_id", "=", personId);

async function sectionsOf(db: Database, siteId: string, personId: string): Promise<string[]> {
  const given = await db
    .selectFrom("section_owners as o")
    .select("o.section")
    .distinct()
    .where("o.site_id", "=", siteId)
    .where("o.owner_id", "=", personId)
    .execute();
  const current = await sectionOwners(
    db,
    siteId,
    given.map(({ section }) => section),
  );
  return [...current].filter(([, owner]) => owner === personId).map(([section]) => section);
}

/**
 * Passes all that a person owns on to another person of the site, or to nobody, within a transaction that has locked the
 * site. Pages of their sections that somebody else owns stay theirs. Throws a Refusal with 422 for a person without a role.
 */
export async function passOnOwned(
  trx: Database,
  actor: Actor,
  site: { id: string },
  { from, to }: { from: string; to: string | null },
): Promise<void> {
  const { artifacts, sections } = await ownedBy(trx, site.id, from);
  const owner = to === null || !(artifacts.length + sections.length) ? undefined : await findOwner(trx, site.id, to);
  const isIn = (section: string) => (row: (typeof artifacts)[number]) => row.kind === "page" && row.section === section;
  for (const section of sections)
    await writeOwner(trx, actor, site, { of: { section }, owner, changed: artifacts.filter(isIn(section)) });
  const single = artifacts.filter((row) => !sections.some((section) => isIn(section)(row)));
  for (const row of single) await writeOwner(trx, actor, site, { of: row, owner, changed: [row] });
}

/** Who owns the pages that are recorded in the section later; null: nobody. */
const laterOwner = async (trx: Database, siteId: string, section: string): Promise<string | null> =>
  (await sectionOwners(trx, siteId, [section])).get(section) ?? null;

async function findOwner(trx: Database, siteId: string, owner: string) {
  const people = await listPossibleOwners(trx, siteId);
  const person = people.find(({ id, email }) => id === owner || email === owner.trim().toLowerCase());
  if (person) return person;
  const message = "An owner is a person with a role on this site. Select one, or invite the person first.";
  throw refuseFields([{ path: "owner", message }]);
}

/** The people with a role on the site, by name, without its tokens. `shown`: the name, told apart from others. */
export function listPossibleOwners(db: Database, siteId: string) {
  return db
    .selectFrom("memberships as m")
    .innerJoin("people as p", "p.id", "m.person_id")
    .select(["p.id", "p.name", "p.email", personName("p", "m.site_id").as("shown")])
    .distinct()
    .where("m.site_id", "=", siteId)
    .where("p.kind", "=", "person")
    .orderBy("p.name")
    .execute();
}

function artifactsIn(trx: Database, siteId: string, of: OwnedScope) {
  const query = trx.selectFrom("artifacts").select(["id", "kind", "key", "owner_id"]).where("site_id", "=", siteId);
  const scoped =
    "section" in of
      ? query.where("kind", "=", "page").where("section", "=", of.section)
      : query.where("kind", "=", of.kind).where("key", "=", normalKey(of.kind, of.key));
  return scoped.orderBy("key").execute();
}

/**
 * The owners of a page or software item, newest first, at most 20: since when, and who recorded it. `inherited`: 1 if
 * the page took the owner of its section when it was first recorded, else 0.
 */
export function listOwners(db: Database, siteId: string, artifactId: string) {
  return db
    .selectFrom("ownerships as o")
    .innerJoin("events as e", (join) => join.onRef("e.seq", "=", "o.seq").on("e.site_id", "=", siteId))
    .innerJoin("people as pe", "pe.id", "e.person_id")
    .leftJoin("people as p", "p.id", "o.owner_id")
    .select(sql<0 | 1>`case when e.action = 'deployment_recorded' then 1 else 0 end`.as("inherited"))
    .select(["o.owner_id", "e.recorded_at", "pe.kind", personThen("pe", "e.recorded_at", "e.site_id").as("person")])
    .select(personSince("pe", "e.recorded_at", "e.site_id").as("person_now"))
    .select([personThen("p", "e.recorded_at", "e.site_id").$castTo<string | null>().as("owner")])
    .select(personSince("p", "e.recorded_at", "e.site_id").as("owner_now"))
    .where("o.artifact_id", "=", artifactId)
    .orderBy("o.seq", "desc")
    .limit(20)
    .execute();
}
