import type { Actor } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { fieldErrors, refuse, refuseFields } from "../errors.ts";
import {
  type Choice,
  type Delivery,
  defaultRule,
  deliveryOf,
  type NoticeKind,
  type NoticeRule,
  noticeKinds,
  whyNotChoose,
} from "./rules.ts";

/** When each of these people is sent notices of these kinds, by `person kind`; missing: never. */
export async function deliveriesOf(
  db: Database,
  siteId: string,
  wanted: { person_id: string; kind: NoticeKind }[],
): Promise<Map<string, Delivery>> {
  const rules = await rulesOf(db, siteId);
  const people = [...new Set(wanted.map(({ person_id }) => person_id))];
  const rows = await db
    .selectFrom("notice_choices")
    .select(["person_id", "kind", "delivery"])
    .where("site_id", "=", siteId)
    .where("person_id", "in", people)
    .execute();
  const choices = new Map(rows.map((row) => [`${row.person_id} ${row.kind}`, row.delivery]));
  return new Map(
    wanted.flatMap(({ person_id, kind }) => {
      const key = `${person_id} ${kind}`;
      const delivery = deliveryOf(kind, rules[kind], choices.get(key));
      return delivery ? [[key, delivery] as const] : [];
    }),
  );
}

/** The site's rule for each kind of notice. */
export async function rulesOf(db: Database, siteId: string): Promise<Record<NoticeKind, NoticeRule>> {
  const rows = await db.selectFrom("notice_rules").select(["kind", "rule"]).where("site_id", "=", siteId).execute();
  const set = new Map(rows.map(({ kind, rule }) => [kind, rule]));
  return Object.fromEntries(noticeKinds.map((kind) => [kind, set.get(kind) ?? defaultRule(kind)])) as never;
}

/** What a person chose, by kind; undefined where they left it as it is. */
export async function choicesOf(
  db: Database,
  siteId: string,
  personId: string,
): Promise<Partial<Record<NoticeKind, Choice>>> {
  const rows = await db
    .selectFrom("notice_choices")
    .select(["kind", "delivery"])
    .where("site_id", "=", siteId)
    .where("person_id", "=", personId)
    .execute();
  return Object.fromEntries(rows.map(({ kind, delivery }) => [kind, delivery]));
}

/** Saves how often a person wants the notices of a site. Throws a Refusal with 422 for a choice that the site does not allow. */
export async function chooseNotices(
  db: Database,
  personId: string,
  siteId: string,
  choices: Partial<Record<NoticeKind, string>>,
): Promise<void> {
  const rules = await rulesOf(db, siteId);
  const chosen = noticeKinds.flatMap((kind) => (choices[kind] === undefined ? [] : [[kind, choices[kind]] as const]));
  refuseFields(
    fieldErrors(Object.fromEntries(chosen.map(([kind, choice]) => [kind, whyNotChoose(rules[kind], choice)]))),
  );
  const rows = chosen.map(([kind, choice]) => ({
    kind,
    delivery: choice as Choice,
    site_id: siteId,
    person_id: personId,
  }));
  if (!rows.length) return;
  await db
    .insertInto("notice_choices")
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(["site_id", "person_id", "kind"])
        .doUpdateSet((eb) => ({ delivery: eb.ref("excluded.delivery") })),
    )
    .execute();
}

/** Saves what a site allows for each kind of notice. Throws a Refusal with 403 if the actor does not administer it. */
export async function setNoticeRules(
  db: Database,
  actor: Actor,
  site: Pick<Site, "id">,
  rules: Partial<Record<NoticeKind, string>>,
): Promise<void> {
  refuse(whyNotMay(actor, "administer"), 403);
  const set = noticeKinds.flatMap((kind) => (rules[kind] === undefined ? [] : [[kind, rules[kind]] as const]));
  const whyNot = (rule: string) => (["required", "optional", "off"].includes(rule) ? undefined : "Select a rule.");
  refuseFields(fieldErrors(Object.fromEntries(set.map(([kind, rule]) => [kind, whyNot(rule)]))));
  if (!set.length) return;
  await db
    .insertInto("notice_rules")
    .values(set.map(([kind, rule]) => ({ site_id: site.id, kind, rule: rule as NoticeRule })))
    .onConflict((conflict) =>
      conflict.columns(["site_id", "kind"]).doUpdateSet((eb) => ({ rule: eb.ref("excluded.rule") })),
    )
    .execute();
}
