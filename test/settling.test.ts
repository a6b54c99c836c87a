import { afterEach, beforeEach, expect, test } from "vitest";
import { recordDeployment } from "../src/deployments/record.ts";
import { decide } from "../src/promotions/promotions.ts";
import { words } from "./support/words.ts";
import { environmentOf, type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const inbox = async (name: Name) => (await w.as(name).get("/sites/shop/approvals")).text();
const countOf = async (name: Name) => /class="count">(\d+)/.exec(await inbox(name))?.[1];
const promotionPage = async (name: Name, number = 1) =>
  (await w.as(name).get(`/sites/shop/promotions/${number}`)).text();

/** The text of one pile of the inbox. */
function pile(page: string, heading: string): string {
  const section = page.split('<section class="pile"').find((part) => part.includes(`>${heading} <small>`)) ?? "";
  return words(section.split("</section>")[0] ?? "");
}

/** Requests a promotion to demo of these lines as they are on beta. */
async function requested(name: string, lines: string[]) {
  await w.record("beta", lines);
  const keys = lines.map((line) => line.split(" ")[0] as string);
  return w.ask((await w.release(name, keys)).number, "demo");
}

async function reject(number: number, digest: string) {
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "reject", digest, comment: "A wrong price" });
}

test("nobody is asked to approve what the environment before no longer has", async () => {
  await requested("Sale", ["/sale v1", "/terms v1"]);
  expect([await countOf("theo"), await countOf("ada")]).toEqual(["1", undefined]);

  await w.record("beta", ["/sale v2"]);

  const theo = await inbox("theo");
  expect(pile(theo, "Needs your approval")).toBe("");
  expect(pile(theo, "Waiting for others")).toContain("The release has /sale v1, but beta now has v2. blocked");
  expect(theo).toContain("Nothing needs you.");
  const ada = await inbox("ada");
  expect(pile(ada, "Blocked, to settle")).toContain(
    "The release has /sale v1, but beta now has v2. Request a newer release, or cancel this promotion. Settle",
  );
  expect([await countOf("theo"), await countOf("ada")]).toEqual([undefined, "1"]);

  await w.record("beta", ["/sale v1"]);
  expect([await countOf("theo"), await countOf("ada")]).toEqual(["1", undefined]);
});

test("page and API refuse such an approval with the same sentence, but not a rejection", async () => {
  const { digest } = await requested("Sale", ["/sale v1"]);
  await w.record("beta", ["/sale v2"]);
  const sentence = "The release has /sale v1, but beta now has v2.";

  const page = await promotionPage("theo");
  expect(page).toContain(`<p class="reason" id="why-not">${sentence}</p>`);
  expect(page).toMatch(/value="approve" disabled/);
  expect(page).not.toMatch(/value="reject" disabled/);
  expect(words(page)).toContain("Blocked: beta no longer has all of this. Waiting for Ada to settle it.");
  const posted = await w.as("theo").post("/sites/shop/promotions/1/approvals", { digest, decision: "approve" });
  expect([posted.status, await posted.text()]).toEqual([409, expect.stringContaining(sentence)]);
  const tester = await w.token("tester");
  const answer = await tester.post("/sites/shop/promotions/1/approvals", { decision: "approve", digest });
  expect(answer.status).toBe(409);
  expect(await answer.json()).toMatchObject({ code: "blocked", blockers: [{ code: "content_moved_on" }] });
  expect(await w.db.selectFrom("approvals").selectAll().execute()).toEqual([]);

  const rejected = await w
    .as("theo")
    .submit("/sites/shop/promotions/1/approvals", { digest, decision: "reject", comment: "Old" });
  expect(await rejected.text()).toContain("You rejected it.");
});

test("an approved promotion that cannot be completed is not offered for completion", async () => {
  const { digest } = await requested("Sale", ["/sale v1"]);
  await decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest });
  expect(pile(await inbox("ada"), "Approved, not yet completed")).toContain("Sale");

  await w.record("beta", ["/sale v2"]);

  const ada = await inbox("ada");
  expect(pile(ada, "Approved, not yet completed")).toBe("");
  expect(pile(ada, "Blocked, to settle")).toContain("Sale");
  const theo = words(await inbox("theo"));
  expect(theo).toContain("approved, but blocked");
  const board = words(await (await w.as("theo").get("/sites/shop")).text());
  expect(board).toContain("v1 blocked for demo");
  expect(board).toContain("1 blocked");
  expect(board).not.toContain("approved, not yet completed");
});

test("a promotion that needs software its target would not have is not offered for completion", async () => {
  const sale = { kind: "page", key: "/sale", version: "v1", requires: { checkout: ">=3" } } as const;
  await recordDeployment(w.db, await w.by("cleo"), w.site, environmentOf(w.site, "beta"), { placements: [sale] });
  const { digest } = await w.ask((await w.release("Sale", ["/sale"])).number, "demo");
  expect(pile(await inbox("theo"), "Needs your approval")).toContain("Sale");
  await decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest });

  expect(pile(await inbox("ada"), "Blocked, to settle")).toContain(
    "/sale v1 needs checkout >=3, but demo would have no checkout.",
  );

  await w.record("demo", ["checkout 3.1.0"]);
  expect(pile(await inbox("ada"), "Approved, not yet completed")).toContain("Sale");
});

test("the inbox begins with how many need this person, of each kind", async () => {
  await reject(1, (await requested("Sale", ["/sale v1"])).digest);
  const { digest } = await requested("Terms", ["/terms v1"]);
  await decide(w.db, await w.by("theo"), w.site, 2, { decision: "approve", digest });

  expect(words(await inbox("ada"))).toContain("1 approved promotion to complete. 1 promotion to settle.");
});

test("a rejection stays in the requester's inbox until they request again", async () => {
  const { digest } = await requested("Sale", ["/sale v1"]);
  await reject(1, digest);

  const ada = await inbox("ada");
  expect(pile(ada, "Rejected, to settle")).toContain(
    "Sale Promotion 1 1 page. Theo (Tester) rejected it: A wrong price",
  );
  expect(ada).toContain("1 promotion to settle.");
  expect([await countOf("theo"), await countOf("ada"), await countOf("iris")]).toEqual([undefined, "1", undefined]);

  await requested("Another", ["/terms v1"]);
  expect(await countOf("ada")).toBe("1");
  await requested("Better", ["/sale v2", "/new v1"]);
  expect(await countOf("ada")).toBeUndefined();
});

test("or until they dismiss it, which only they can, and which changes nothing about the promotion", async () => {
  const { digest } = await requested("Sale", ["/sale v1"]);
  const dismiss = (name: Name) => w.as(name).post("/sites/shop/promotions/1/dismissal");
  expect(await (await dismiss("ada")).text()).toContain("Promotion 1 was not rejected.");
  await reject(1, digest);

  const refused = await dismiss("theo");
  expect([refused.status, await refused.text()]).toEqual([
    403,
    expect.stringContaining("Ada requested this promotion, so only they dismiss it."),
  ]);
  expect((await w.as("oskar").post("/sites/shop/promotions/1/dismissal")).status).toBe(404);
  expect((await w.as("ada").post("/sites/shop/promotions/9/dismissal")).status).toBe(404);
  expect(await countOf("ada")).toBe("1");

  const page = await (await w.as("ada").submit("/sites/shop/promotions/1/dismissal")).text();
  expect(page).toContain("Rejection of promotion 1 dismissed. It is still in the history.");
  expect(pile(page, "Rejected, to settle")).toBe("");
  expect(pile(page, "Done")).toContain("Sale");
  expect((await dismiss("ada")).status).toBe(303);
  expect(await countOf("ada")).toBeUndefined();
});

test("whatever a machine requested is settled by those who may promote", async () => {
  await w.record("beta", ["/sale v1"]);
  const { number } = await w.release("Nightly", ["/sale"]);
  const machine = await w.token("account-manager");
  const answer = await machine.post("/sites/shop/promotions", { release: number, to: "demo" });
  const { digest } = (await answer.json()) as { digest: string };
  await reject(1, digest);

  expect([await countOf("ada"), await countOf("cleo")]).toEqual(["1", undefined]);
});
