import { findAccess } from "../../src/access/sites.ts";
import { correct } from "../../src/corrections/corrections.ts";
import { newId, sha256 } from "../../src/database/ids.ts";
import { recordDeployment } from "../../src/deployments/record.ts";
import { cancel, complete, decide, requestPromotion } from "../../src/promotions/promotions.ts";
import { verbsOfOneDay } from "./every-verb.ts";
import { administersAll } from "./sign-on.ts";
import { environmentOf, lineOf, type World } from "./world.ts";

/** A page that changes in every step, and one that is released in every step. */
const often = "/often";
export const released = "/part-2/page-0-2";

/** Runs every verb on the shop, and so often that each list has more rows than one page shows. */
export async function longHistory(w: World): Promise<void> {
  await verbsOfOneDay(w);
  const many = keysOf(0).slice(0, 240);
  await w.record(
    "beta",
    many.map((key) => `${key} 0.1.0`),
  );
  const { number: release } = await w.release("Many", many);
  await requestPromotion(w.db, await w.by("ada"), w.site, { release, to: "demo", note: "Many" });
  await addRound(w, 0);
}

/** Adds as much again to everything that grows, except open promotions. Call it with round 1, 2, … */
export async function addRound(w: World, round: number): Promise<void> {
  await completeLists(w, round);
  for (let i = 0; i < steps; i++) {
    advanceClock(w, 60);
    await recordSmall(w, round * steps + i);
    await promote(w, round * steps + i);
  }
  await otherRows(w, round);
}

const steps = 60;

function advanceClock(w: World, minutes: number): void {
  w.clock.at = new Date(Date.parse(w.clock.at) + minutes * 60_000).toISOString();
}

const earlier = (w: World, minutes: number) => new Date(Date.parse(w.clock.at) - minutes * 60_000).toISOString();

const keysOf = (round: number) =>
  Array.from({ length: 250 }, (_, i) => (i % 10 ? `/part-${i % 7}/page-${round}-${i}` : `service-${round}-${i}`));

/** Pages and software on all environments, each in two versions. Some require other software, in ever new versions. */
async function completeLists(w: World, round: number): Promise<void> {
  for (const environment of ["beta", "demo", "live"])
    for (const version of ["1.0.0", "2.0.0"]) {
      advanceClock(w, 60);
      await w.record(
        environment,
        keysOf(round).map((key) => `${key} ${version}`),
      );
      const requires = { "service-0-0": ">=1" };
      const requiring = keysOf(0).filter((_, i) => i % 25 === 5);
      const placements = requiring.map((key) => ({ ...lineOf(`${key} ${version}-${round}`), requires }));
      await recordDeployment(w.db, await w.by("cleo"), w.site, environmentOf(w.site, environment), { placements });
    }
}

/** Small deployments, of which some change nothing and some are recorded late; a part is corrected afterwards. */
async function recordSmall(w: World, i: number): Promise<void> {
  const recorded = await w.record("beta", [`${often} v${i}`, `${released} r${i}`]);
  await w.record("live", [`${often} v${i}`], { note: `Number ${i}` });
  if (i % 3 === 0) await w.record("beta", [`${often} v${i}`]);
  if (i % 6 === 0) {
    await w.record("demo", [`${often} v${i}`], { effective_at: earlier(w, 10) });
    await w.record("demo", [`${often} v${i}`], { effective_at: earlier(w, 20) });
  }
  const wrong = { deployment: recorded.number, reason: "It was otherwise" };
  const ada = await w.by("ada");
  if (i % 5 === 0) await correct(w.db, ada, w.site, { ...wrong, kind: "page", key: often });
  if (i % 20 === 0) await correct(w.db, ada, w.site, wrong);
}

/** Promotions with each of their outcomes. */
async function promote(w: World, i: number): Promise<void> {
  await w.record("beta", [`${released} s${i}`]);
  const { number: release } = await w.release(`Again ${i}`, [released]);
  const ada = await w.by("ada");
  const { number, digest } = await requestPromotion(w.db, ada, w.site, { release, to: "demo", note: `Number ${i}` });
  // an open promotion is superseded by the next
  if (i % 4 === 1) return;
  if (i % 4 === 0) return void (await cancel(w.db, ada, w.site, number, "Not today"));
  const decision = i % 4 === 2 ? "reject" : "approve";
  await decide(w.db, await w.by("theo"), w.site, number, { decision, digest, comment: "Well" });
  if (decision === "approve") await complete(w.db, ada, w.site, number, {});
}

/** Deployments on another site, sessions, failed sign-ins and stored results. */
async function otherRows(w: World, round: number): Promise<void> {
  const access = await findAccess(w.db, w.people.oskar.id, "elsewhere");
  const actor = { ...(await w.by("oskar")), permissions: new Set(["record"] as const) };
  if (!access) throw new Error("the other site does not exist");
  const placements = keysOf(round).map((key) => lineOf(`${key} 1.0.0`));
  await recordDeployment(w.db, actor, access.site, environmentOf(access.site, "beta"), { placements });
  const at = w.clock.at;
  const many = Array.from({ length: 200 }, (_, i) => `${round} ${i}`);
  const person_id = w.people.ada.id;
  const session = { person_id, created_at: at, seen_at: at, expires_at: "2100-01-01T00:00:00.000Z" };
  await w.db
    .insertInto("sessions")
    .values(many.map((name) => ({ ...session, hash: sha256(name) })))
    .execute();
  const failure = { email: "ada@example.test", address: "192.0.2.1", browser: "", at };
  await w.db
    .insertInto("sign_in_failures")
    .values(many.map(() => ({ ...failure, id: newId() })))
    .execute();
  // a tenth is about Ada and seen on the shop, a tenth about nobody
  const others = [w.people.oskar.id, w.people.theo.id, w.people.cleo.id, w.people.mara.id];
  const event = { at, kind: "signed_in" as const, address: "192.0.2.1", user_agent: "" };
  const about = many.flatMap(() => [person_id, null, ...others, ...others]);
  const events = await w.db
    .insertInto("security_events")
    .values(about.map((of) => ({ ...event, person_id: of })))
    .returning(["seq", "person_id"])
    .execute();
  await w.db
    .insertInto("security_event_sites")
    .values(
      events.map(({ seq, person_id: of }) => ({
        site_id: of === person_id ? w.site.id : access.site.id,
        event_seq: seq,
      })),
    )
    .execute();
  await w.db
    .insertInto("identity_providers")
    .values({ ...providerRow, changed_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await administersAll(w, "iris");
  const intent = { person_id, fingerprint: "", answer: "null", at };
  await w.db
    .insertInto("intents")
    .values(many.map((key) => ({ ...intent, key })))
    .execute();
}

const providerRow = {
  id: "a provider",
  slug: "okta",
  name: "Okta",
  // nothing listens there
  issuer: "http://127.0.0.1:1",
  client_id: "sitebook",
  sealed_secret: null,
  scopes: "",
  domains: "",
  trusts_email: 0 as const,
  sign_up: 0 as const,
  roles_claim: null,
  role_rules: "[]",
};
