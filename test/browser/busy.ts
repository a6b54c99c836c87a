import { correct } from "../../src/corrections/corrections.ts";
import { recordDeployment } from "../../src/deployments/record.ts";
import { cancel, decide } from "../../src/promotions/promotions.ts";
import { environmentOf, lineOf, type Name, type World } from "../support/world.ts";

/** The promotions of the busy shop: a state each, and its number. */
export const promotions = {
  completed: 2,
  waiting: 4,
  rejected: 5,
  cancelled: 6,
  superseded: 7,
  approved: 8,
  blocked: 9,
  "out of date": 10,
  "completed before it was approved": 11,
};

const opening = [
  "/ v1",
  "/about v4",
  "/account v3",
  "/checkout v39",
  "/checkout/thank-you v7",
  "/help/returns v7",
  "/help/size-guide v2",
  "/magazine/a-title-that-was-written-by-somebody-who-is-paid-by-the-letter/and-then-goes-on-for-another-line v1",
  "/sale v30",
  "/sale/last-chance v22",
  "/sale/shoes v12",
  "/über-uns/größen v1",
  "a-service-with-quite-a-long-name 10.11.12-rc.1",
  "catalogue 4.1.7",
  "checkout-service 3.3.9",
  "stock-feed 1.2.0",
];

/** A shop in which everything has happened once: each end of a promotion, a late record, something out of band, long names. */
export async function fillBusySite(w: World): Promise<void> {
  const at = (moment: string) => (w.clock.at = `2026-${moment}:00.000Z`);
  at("01-12T09:00");
  await w.record("beta", opening);
  await w.release("Opening");
  at("01-13T10:00");
  await w.promote(1, "demo");
  at("01-14T11:00");
  await w.promote(1, "live");

  at("02-02T09:00");
  await recordTitled(w, "/sale/spring", "v3", "Spring sale");
  await w.record("beta", ["/sale v31", "/sale/shoes v13", "-/sale/last-chance", "checkout-service 3.4.1"]);
  await w.release("Spring sale", ["/sale/spring", "/sale", "/sale/shoes", "/sale/last-chance", "checkout-service"]);
  at("02-03T10:00");
  await w.promote(2, "demo");
  at("02-03T15:30");
  await w.ask(2, "live");

  at("02-05T09:00");
  await w.record("beta", ["/help/returns v8", "/account v4", "/checkout v40", "/checkout/thank-you v8"]);
  await w.release("Returns in 60 days", ["/help/returns"]);
  await w.release("Account", ["/account"]);
  await w.release("Checkout words", ["/checkout"]);
  await w.release("All of checkout", ["/checkout", "/checkout/thank-you"]);
  await decideAs(
    w,
    "theo",
    (await w.ask(3, "demo")).number,
    "reject",
    "It still says 30 days in the second paragraph.",
  );
  await cancel(
    w.db,
    await w.by("ada"),
    w.site,
    (await w.ask(4, "demo")).number,
    "It will be part of the spring sale instead.",
  );
  await w.ask(5, "demo");
  await decideAs(w, "theo", (await w.ask(6, "demo")).number, "approve", "Read all of it, aloud.");

  at("02-20T09:00");
  await recordTitled(w, "/magazine", "v1", "Magazine", { catalogue: ">=5", "reader-service": "^1.0.0" });
  await w.record("beta", ["/help/size-guide v3"]);
  await w.release("Magazine", ["/magazine"]);
  await w.release("Size guide", ["/help/size-guide"]);
  await w.ask(7, "demo");
  await w.ask(8, "demo");
  await w.record("beta", ["/help/size-guide v4", "catalogue 4.2.0"]);
  await w.release("Catalogue", ["catalogue"]);
  await w.promote(9, "demo", { effective_at: "2026-02-20T08:00:00.000Z" });

  at("03-02T17:00");
  await w.record("live", ["/about v5"], { note: "Fixed by hand: the telephone number was wrong." });
  await w.record("beta", ["stock-feed 1.3.0"], { effective_at: "2026-02-27T16:00:00.000Z", source: "9f2c41d" });
  await recordCorrections(w, at);
  at("03-03T10:00");
}

/** The numbers of two corrected deployments: one as a whole, the other in one line. */
export const corrected = { whole: 14, line: 15 };

async function recordCorrections(w: World, at: (moment: string) => void): Promise<void> {
  await w.record("beta", ["/help v2", "/sale/shoes v14"], { effective_at: "2026-03-01T09:00:00.000Z" });
  const { number } = await w.record("beta", ["/help/size-guide v5", "/account v5"], {
    effective_at: "2026-02-26T09:00:00.000Z",
  });
  if (number !== corrected.line) throw new Error(`The deployment to correct is ${number}`);
  at("03-03T09:00");
  const ada = await w.by("ada");
  await correct(w.db, ada, w.site, { deployment: corrected.whole, reason: "It was recorded for the wrong server." });
  await correct(w.db, ada, w.site, {
    deployment: corrected.line,
    kind: "page",
    key: "/help/size-guide",
    reason:
      "The guide stayed as it was that week; what changed was the page about returns, which has the same picture.",
    instead: { version: "v4", effective_at: "2026-02-25T09:00:00.000Z" },
  });
}

async function recordTitled(w: World, key: string, version: string, title: string, requires?: Record<string, string>) {
  const line = { ...lineOf(`${key} ${version}`), title, notes: "What is new in it, in a sentence.", requires };
  await recordDeployment(w.db, await w.by("cleo"), w.site, environmentOf(w.site, "beta"), { placements: [line] });
}

async function decideAs(w: World, name: Name, number: number, decision: "approve" | "reject", comment: string) {
  const row = await w.db
    .selectFrom("promotions")
    .select("digest")
    .where("site_id", "=", w.site.id)
    .where("number", "=", number)
    .executeTakeFirstOrThrow();
  await decide(w.db, await w.by(name), w.site, number, { decision, digest: row.digest, comment });
}
