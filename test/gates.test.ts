import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type GateRules, gateDefaults } from "../src/access/gates.ts";
import { findAccess } from "../src/access/sites.ts";
import { retireEnvironment } from "../src/environments/changes.ts";
import { changeGate } from "../src/gates/gates.ts";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { changeRoles } from "../src/people/people.ts";
import { decide } from "../src/promotions/promotions.ts";
import { machine } from "./support/api.ts";
import { commandLineMachine } from "./support/command-line.ts";
import { folder } from "./support/folder.ts";
import { tableRows, words } from "./support/words.ts";
import { environmentOf, type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const page = (environment: string) => `/sites/shop/settings/environments/${environment}/gate`;
const gate = (environment: string) => `/sites/shop/environments/${environment}/gate`;

/** The gate of live as its form has it at first, with some fields changed. */
const form = (fields: Record<string, string | string[]> = {}) => ({
  version: "1",
  key: "once",
  count_marketing: "1",
  soak_hours: "0",
  approval_days: "0",
  promotion_days: "0",
  checklist: "",
  carry_over: "never",
  ticked: ["machines_may_approve", "recorders_may_approve", "check_requirements", "rollback_needs_approval"],
  ...fields,
});

type Form = ReturnType<typeof form>;

const previewedIn = (html: string) => /name="previewed" value="(\w+)"/.exec(html)?.[1] ?? "";

const preview = (fields: Form, environment = "live") => w.as("iris").post(page(environment), fields);

/** Previews the form, and sets the gate with this reason. */
async function set(fields: Form, reason = "Two people check prices", environment = "live") {
  const previewed = previewedIn(await (await preview(fields, environment)).text());
  return w.as("iris").post(page(environment), { ...fields, previewed, reason, do: "set" });
}

const put = async (environment: string, body: object, role = "administrator", headers: Record<string, string> = {}) =>
  (await machine(w, role)).send(gate(environment), {
    method: "PUT",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ reason: "Prices", ...body }),
  });

const marketing = (count: number) => ({ requirements: [{ role: "marketing", count }] });

const rules = (changes: Partial<GateRules> = {}): GateRules => ({
  ...gateDefaults,
  ...marketing(1),
  asker_may_approve: false,
  ...changes,
});

const change = async (slug: string, changes: Partial<GateRules>, reason = "Prices", by: Name = "iris") =>
  changeGate(w.db, await w.by(by), w.site, environmentOf(w.site, slug), { rules: rules(changes), reason });

const roles = async (name: Name, ...given: string[]) =>
  changeRoles(w.db, await w.by("iris"), w.site, w.people[name].id, given);

const versionsOfLive = async () => {
  const { id } = environmentOf(w.site, "live");
  const rows = w.db.selectFrom("gates").select("version").where("environment_id", "=", id).orderBy("version");
  return (await rows.execute()).map(({ version }) => version);
};

const gateEvents = async () =>
  (await w.db.selectFrom("events").select("details").where("action", "=", "gate_changed").orderBy("seq").execute()).map(
    ({ details }) => JSON.parse(details),
  );

const read = async (name: Name, path: string) => words(await (await w.as(name).get(path)).text());

describe("an administrator sets a gate on its page", () => {
  test("after a preview in words, with a reason, and sees it among the versions", async () => {
    const link = await (await w.as("iris").get("/sites/shop/settings/environments/live")).text();
    expect(link).toContain(`href="${page("live")}"`);
    await roles("theo", "tester", "marketing");
    const fields = form({ count_marketing: "2", soak_hours: "24", checklist: "Prices are right\r\n\r\nLegal agrees " });

    const previewed = words(await (await preview(fields)).text());

    expect(previewed).toContain("Needs 2 approvals from Marketing; the requester’s own approval does not count.");
    expect(previewed).toContain("The contents must have been on the previous environment for 24 hours.");
    expect(previewed).toContain("To tick before completion: “Prices are right”, “Legal agrees”.");
    expect(previewed).toContain("approvals: 1 from Marketing → 2 from Marketing");
    expect(previewed).toContain("No promotion is open");
    expect(await gateEvents()).toEqual([]);

    const answer = await set(fields);

    expect([answer.status, answer.headers.get("location")]).toEqual([303, page("live")]);
    expect(await versionsOfLive()).toEqual([1, 2]);
    expect(await gateEvents()).toMatchObject([
      {
        environment: "live",
        reason: "Two people check prices",
        before: { version: 1, ...marketing(1) },
        gate: { version: 2, ...marketing(2), soak_hours: 24, checklist: ["Prices are right", "Legal agrees"] },
      },
    ]);
    const shown = await (await w.as("iris").get(page("live"))).text();
    expect(tableRows(shown).map(([version, , by, reason]) => [version, by, reason])).toEqual([
      ["2", "3 Mar, 10:00 by Iris", "Two people check prices"],
      ["1", "5 Jan, 08:00 by Iris", "with the environment"],
    ]);
    expect(await read("vera", "/sites/shop/environments/live")).toContain("Needs 2 approvals from Marketing;");
    expect(await read("vera", "/sites/shop/environments/live?as_of=2026-03-01")).toContain(
      "Needs 1 approval from Marketing;",
    );
    expect(await read("vera", "/sites/shop/history")).toContain(
      "Iris changed the gate of live: approvals: 1 from Marketing → 2 from Marketing; time on the previous environment: none → 24 hours; checklist: none → “Prices are right”, “Legal agrees”. Two people check prices",
    );
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
    await rebuild(w.db, w.site.id);
    expect(await versionsOfLive()).toEqual([1, 2]);
  });

  test("once, however often the form is sent", async () => {
    const fields = form({ count_marketing: "2" });
    const previewed = previewedIn(await (await preview(fields)).text());
    const sent = { ...fields, previewed, reason: "Prices", do: "set" };
    for (let i = 0; i < 2; i++) expect((await w.as("iris").post(page("live"), sent)).status).toBe(303);
    expect(await gateEvents()).toHaveLength(1);
  });

  test("not without a reason, and not otherwise than it was previewed", async () => {
    const refused = await set(form({ count_marketing: "2" }), " ");
    expect(refused.status).toBe(422);
    const text = await refused.text();
    expect(text).toContain("A change of a gate needs a reason.");
    expect(text).toContain("Set this gate");

    const previewed = previewedIn(text);
    const changed = { ...form({ count_marketing: "3" }), previewed, reason: "More", do: "set" };
    const asked = words(await (await w.as("iris").post(page("live"), changed)).text());
    expect(asked).toContain("This was changed after its preview, so the gate was not set yet.");
    expect(asked).toContain("Needs 3 approvals from Marketing");
    expect(await gateEvents()).toEqual([]);
  });

  test("and the same rules change nothing", async () => {
    expect(words(await (await preview(form())).text())).toContain("This is the gate in force. Nothing would change.");
    expect((await set(form())).status).toBe(303);
    expect((await put("live", { ...marketing(1), carry_over: "never" })).body.version).toBe(1);
    expect(await gateEvents()).toEqual([]);
  });

  test.each([
    ["count_marketing", "-1", "The number of approvals must be a whole number from 1 to 99."],
    ["count_marketing", "100000000000000000000", "The number of approvals must be a whole number from 1 to 99."],
    ["count_marketing", "1.5", "The number of approvals must be a whole number from 1 to 99."],
    ["count_marketing", "two", "The number of approvals must be a whole number from 1 to 99."],
    ["soak_hours", "8761", "The number of hours must be a whole number from 0 to 8,760."],
    ["approval_days", "-3", "The number of days must be a whole number from 0 to 3,650."],
    ["promotion_days", "1e3", "The number of days must be a whole number from 0 to 3,650."],
    ["checklist", "Prices\nprices ", "Line 2 of the checklist is the same as line 1."],
    ["checklist", `${"x".repeat(301)}`, "Line 1 of the checklist can have at most 300 characters; this one has 301."],
    ["checklist", "a\u200bb", "Line 1 of the checklist cannot contain invisible characters"],
    ["checklist", Array.from({ length: 21 }, (_, i) => `Line ${i}`).join("\n"), "at most 20 lines; this one has 21."],
    ["carry_over", "always", "Select how approvals carry over: never, page or release."],
    ["rollback_roles", "king", "There is no role &quot;king&quot;."],
  ])("%s %j is refused beside its field, and what was typed is kept", async (name, value, sentence) => {
    const answer = await preview(form({ [name]: value, soak_hours: name === "soak_hours" ? value : "7" }));
    expect(answer.status).toBe(422);
    const text = await answer.text();
    expect(text).toContain(sentence);
    expect(text).toMatch(/name="soak_hours"[^>]*value="(7|8761)"/);
    expect(text).not.toContain("Set this gate");
    expect((await set(form({ [name]: value }))).status).toBe(422);
    expect(await gateEvents()).toEqual([]);
  });

  test("presets it for a team of one, who then approves what they requested themselves", async () => {
    const text = await (await w.as("iris").get(`${page("live")}?preset=one`)).text();
    expect(text).toMatch(/value="asker_may_approve" checked/);
    expect(text).toMatch(/value="recorders_may_approve" checked/);
    expect(text).toMatch(/name="count_marketing"[^>]*value="1"/);
    expect(await gateEvents()).toEqual([]);

    await roles("ada", "account-manager", "marketing");
    const ticked = [...form().ticked, "asker_may_approve"];
    const previewed = words(await (await preview(form({ ticked }))).text());
    expect(previewed).toContain("the requester may approve, too.");
    expect((await set(form({ ticked }))).status).toBe(303);
    await w.record("demo", ["/sale v1"]);
    const { number, digest } = await w.ask((await w.release("Sale", ["/sale"], "demo")).number, "live");
    expect(await decide(w.db, await w.by("ada"), w.site, number, { decision: "approve", digest })).toMatchObject({
      state: "approved",
    });
  });

  test("which is the first that an environment has", async () => {
    await w.as("iris").submit("/sites/shop/settings/environments", { name: "archive", slug: "", tier: "other" });
    expect(await read("iris", page("archive"))).toContain("No approval needed: anyone who may record deployments");
    const fields = form({ version: "0", count_marketing: "", count_tester: "1" });
    expect((await set(fields, "It is looked at", "archive")).status).toBe(303);
    expect((await put("archive", { requirements: [{ role: "tester", count: 1 }] })).body.version).toBe(1);
    expect(await gateEvents()).toMatchObject([{ before: null, gate: { version: 1 } }]);
    expect(await read("vera", "/sites/shop/history")).toContain(
      "Iris changed the gate of archive: approvals: none → 1 from Tester.",
    );
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  });
});

describe("a gate that is changed while a promotion waits", () => {
  beforeEach(async () => {
    await w.record("demo", ["/sale v1"]);
    await w.ask((await w.release("Sale", ["/sale"], "demo")).number, "live");
    w.clock.at = "2026-03-04T09:00:00.000Z";
  });

  test("does not change what the promotion needs, and the preview, its page and the API say so", async () => {
    expect((await (await machine(w, "viewer")).get("/sites/shop/promotions/1")).body).toMatchObject({
      gate: { version: 1 },
      gate_changed: false,
    });
    expect(words(await (await preview(form({ count_marketing: "", count_tester: "2" }))).text())).toContain(
      "Promotion 1, Sale, keeps the gate it was requested under (version 1): 0 of 1 approval given. Requested again under this gate, it would need 2 approvals from Tester.",
    );
    await set(form({ count_marketing: "", count_tester: "2" }));

    expect(await read("mara", "/sites/shop/promotions/1")).toContain(
      "The gate of live was changed on 4 Mar, 09:00 by Iris; this promotion keeps the one it was requested under. To apply the new gate, cancel this promotion and request it again.",
    );
    const { body } = await (await machine(w, "viewer")).get("/sites/shop/promotions/1");
    expect(body).toMatchObject({
      gate: { version: 1 },
      gate_changed: true,
      requirements: [{ role: "marketing", needed: 1 }],
    });
    const approval = { decision: "approve" as const, digest: body.digest };
    expect((await decide(w.db, await w.by("mara"), w.site, 1, approval)).state).toBe("approved");
  });

  test("applies to the next one", async () => {
    await change("live", { requirements: [{ role: "tester", count: 1 }] });
    const next = await w.ask((await w.release("Sale", ["/sale"], "demo")).number, "live");
    expect(next.requirements).toMatchObject([{ role: "tester", needed: 1 }]);
    expect(next).toMatchObject({ gate: { version: 2 }, gate_changed: false });
    expect(await read("ada", `/sites/shop/promotions/${next.number}`)).not.toContain("The gate of live was changed");
  });
});

describe("two people who change a gate at once", () => {
  test("on the page: the second is refused, and keeps what was typed", async () => {
    const fields = form({ count_marketing: "3", checklist: "Legal agrees" });
    const previewed = previewedIn(await (await preview(fields)).text());
    await change("live", marketing(2), "First");

    const answer = await w.as("iris").post(page("live"), { ...fields, previewed, reason: "Second", do: "set" });

    expect(answer.status).toBe(409);
    const text = await answer.text();
    expect(words(text)).toContain(
      "The gate of live was changed in the meantime: you saw version 1, and it is now version 2. Review it, and then change it again.",
    );
    expect(text).toContain("Legal agrees</textarea>");
    expect(text).toMatch(/name="version" value="2"/);
    expect(text).toContain("Second");
    expect((await gateEvents()).map(({ reason }) => reason)).toEqual(["First"]);
  });

  test("by calls that race: one is recorded, the other is refused", async () => {
    const iris = await w.by("iris");
    const live = environmentOf(w.site, "live");
    const results = await Promise.allSettled(
      [2, 3].map((count) =>
        changeGate(w.db, iris, w.site, live, { rules: rules(marketing(count)), reason: "Race", expectedVersion: 1 }),
      ),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(results.find((result) => result.status === "rejected")?.reason).toMatchObject({ status: 409 });
    expect(await gateEvents()).toHaveLength(1);
  });

  test("by the API: the version that they saw is not the newest", async () => {
    expect((await put("live", { ...marketing(2), version: 1 })).body.version).toBe(2);
    const { status, body } = await put("live", { ...marketing(3), version: 1 });
    expect([status, body.detail]).toEqual([409, expect.stringContaining("you saw version 1, and it is now version 2")]);
    expect((await put("live", marketing(3))).body.version).toBe(3);
  });
});

describe("a gate that nobody can meet", () => {
  const warnings = async (changes: object) => (await put("live", { ...marketing(1), ...changes })).body.warnings;

  test("is named at once, in the preview, in the API and to administrators, and set nevertheless", async () => {
    const sentence = "Nobody can approve for live: it needs 2 approvals from Marketing, and only Mara has that role.";
    expect(words(await (await preview(form({ count_marketing: "2" }))).text())).toContain(sentence);
    expect(await warnings(marketing(2))).toEqual([sentence]);
    expect(await read("iris", page("live"))).toContain(sentence);
    expect(await read("iris", "/sites/shop/settings/people")).toContain(sentence);
    expect((await (await machine(w, "viewer")).get(gate("live"))).body.warnings).toEqual([sentence]);
  });

  test("since one person would have to count twice", async () => {
    await roles("mara", "marketing", "tester");
    await roles("theo", "viewer");
    expect(
      await warnings({
        requirements: [
          { role: "marketing", count: 1 },
          { role: "tester", count: 1 },
        ],
      }),
    ).toEqual([
      "Nobody can approve for live: Marketing and Tester have to give 2 approvals, each by another person, and only Mara can give any.",
    ]);
  });

  test("since it was requested, or recorded, by the only one who could approve it", async () => {
    await roles("mara", "marketing", "account-manager");
    expect(await warnings({})).toEqual([
      "Nobody can approve for live what Mara requests: too few others have the role Marketing.",
    ]);
    expect(await warnings({ requester_may_approve: true, recorders_may_approve: false })).toEqual([
      "Nobody can approve for live what Mara recorded: too few others have the role Marketing.",
    ]);
    expect(await warnings({ requester_may_approve: true })).toEqual([]);
  });

  test("since only machines have the role, or nobody has the role that may roll back", async () => {
    await roles("mara", "viewer");
    await w.token("marketing");
    expect(await warnings({})).toEqual([]);
    expect(await warnings({ machines_may_approve: false })).toEqual([
      "Nobody can approve for live: it needs 1 approval from Marketing, and no person has that role.",
    ]);
    await roles("theo", "viewer");
    expect(await warnings({ rollback_roles: ["tester"] })).toEqual([
      "Nobody can roll back on live: nobody has the role Tester.",
    ]);
  });
});

describe("the API", () => {
  test("shows a gate with all its rules, and takes them back", async () => {
    const admin = await machine(w, "administrator");
    const { body } = await admin.get(gate("live"));
    expect(body).toEqual({
      version: 1,
      ...marketing(1),
      requester_may_approve: false,
      machines_may_approve: true,
      recorders_may_approve: true,
      soak_hours: 0,
      approval_days: 0,
      promotion_days: 0,
      all_reviewed: false,
      check_requirements: true,
      checklist: [],
      fresh_sign_in: false,
      carry_over: "never",
      rollback_needs_approval: true,
      rollback_roles: [],
      guest_roles: [],
      completed_by_observation: false,
      sentence: "Needs 1 approval from Marketing; the requester’s own approval does not count.",
      warnings: [],
    });
    expect((await admin.get(gate("beta"))).body).toMatchObject({ version: 0, requirements: [], warnings: [] });

    const all = {
      ...marketing(1),
      requester_may_approve: true,
      machines_may_approve: false,
      recorders_may_approve: false,
      soak_hours: 1,
      approval_days: 7,
      promotion_days: 14,
      all_reviewed: true,
      check_requirements: false,
      checklist: ["Prices are right"],
      fresh_sign_in: true,
      carry_over: "page",
      completed_by_observation: true,
      rollback_needs_approval: false,
      rollback_roles: ["account-manager"],
    };
    const changed = (await put("live", all)).body;
    expect(changed).toMatchObject({ version: 2, ...all });
    expect(changed.sentence).toBe(
      "Needs 1 approval from Marketing; the requester may approve, too. Machines may not approve. People may not approve what they recorded themselves. All pages must be marked as reviewed before approving. Approving needs a fresh sign-in. The contents must have been on the previous environment for 1 hour. An approval expires after 7 days. A promotion expires if it is not completed within 14 days. Whether the target has the software that versions require is not checked. To tick before completion: “Prices are right”. Approvals of pages that stay the same carry over to a release based on an earlier one. A promotion is completed by itself once all of its pages are seen there as they were approved. A rollback needs no approval. Only Account manager may roll back.",
    );
    expect((await put("live", marketing(1))).body).toMatchObject({ version: 3, soak_hours: 0, checklist: [] });
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  });

  test.each([
    [{ requirements: [{ role: "king", count: 1 }] }, "requirements.0.role", 'There is no role "king".'],
    [{ requirements: [1, 2].map((count) => ({ role: "tester", count })) }, "requirements.1.role", "listed twice."],
    [marketing(0), "requirements.0.count", "whole number from 1 to 99."],
    [marketing(-1), "requirements.0.count", "whole number from 1 to 99."],
    [marketing(1e15), "requirements.0.count", "whole number from 1 to 99."],
    [marketing(1.5), "requirements.0.count", "whole number from 1 to 99."],
    [{ ...marketing(1), soak_hours: -1 }, "soak_hours", "whole number from 0 to 8,760."],
    [{ ...marketing(1), checklist: ["a", " "] }, "checklist.1", "Line 2 of the checklist is empty."],
    [{ ...marketing(1), checklist: ["a\u202eb"] }, "checklist.0", "turn the direction of text"],
    [{ ...marketing(1), rollback_roles: ["tester", "king"] }, "rollback_roles.1", 'There is no role "king".'],
    [
      { ...marketing(1), rollback_roles: [...Array(50).fill("tester"), "king"] },
      "rollback_roles.50",
      'There is no role "king".',
    ],
    [{ ...marketing(1), reason: "" }, "reason", "A change of a gate needs a reason."],
    [{ ...marketing(1), reason: "x".repeat(10_001) }, "reason", "at most 10,000 characters"],
  ])("refuses %j, naming the field", async (wrong, path, sentence) => {
    const { status, body } = await put("live", wrong);
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ path, message: expect.stringContaining(sentence) }]);
    expect(await gateEvents()).toEqual([]);
  });

  test("changes a gate once for an Idempotency-Key, and refuses the key for another change", async () => {
    const api = await machine(w, "administrator");
    const send = (body: object) =>
      api.send(gate("live"), {
        method: "PUT",
        headers: { "content-type": "application/json", "idempotency-key": "gate-7" },
        body: JSON.stringify({ reason: "Prices", version: 1, ...body }),
      });
    const first = await send(marketing(2));
    expect(first.body.version).toBe(2);
    expect((await send(marketing(2))).body).toEqual(first.body);
    expect((await send(marketing(3))).status).toBe(422);
    expect(await gateEvents()).toHaveLength(1);
  });

  test("refuses the first environment, a retired one, and one that does not exist", async () => {
    const first = "beta is the first environment. Nothing can be promoted to it, so it has no gate.";
    const { status, body } = await put("beta", marketing(1));
    expect([status, body.detail]).toEqual([409, first]);
    expect(await read("iris", page("beta"))).toContain(first);
    expect((await w.as("iris").post(page("beta"), form())).status).toBe(409);
    await retireEnvironment(w.db, await w.by("iris"), w.site, environmentOf(w.site, "live"));
    expect((await put("live", marketing(2))).body.detail).toContain("live is retired.");
    expect((await (await machine(w, "viewer")).get(gate("live"))).body.version).toBe(1);
    // nor one that was retired meanwhile
    await expect(change("live", marketing(2))).rejects.toThrow("live is retired.");
    expect((await put("nowhere", marketing(1))).status).toBe(404);
    expect(await gateEvents()).toEqual([]);
  });
});

test("an environment with a gate does not become the first, even if the gate needs no approval", async () => {
  expect((await put("live", { requirements: [] })).body).toMatchObject({
    version: 2,
    sentence: "Promotions need no approval.",
  });
  const { status, body } = await (await machine(w, "administrator")).send("/sites/shop/environments/live", {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ before: "beta" }),
  });
  expect([status, body.detail]).toEqual([
    409,
    expect.stringContaining("live would be the first environment, but it has a gate"),
  ]);
  await w.record("demo", ["/sale v1"]);
  const promotion = await w.ask((await w.release("Sale", ["/sale"], "demo")).number, "live");
  expect(promotion).toMatchObject({ state: "approved", blockers: [] });
});

test("nobody but an administrator changes a gate, and a stranger does not see it", async () => {
  for (const name of ["ada", "vera"] as const) {
    expect((await w.as(name).get(page("live"))).status).toBe(403);
    expect((await w.as(name).post(page("live"), form({ count_marketing: "" }))).status).toBe(403);
  }
  expect((await w.as("oskar").get(page("live"))).status).toBe(404);
  expect((await w.as("oskar").post(page("live"), form())).status).toBe(404);
  expect((await put("live", marketing(2), "account-manager")).body.detail).toBe(
    "You may not change the settings on this site. Ask an administrator for a role that can.",
  );
  await expect(change("live", marketing(2), "No", "ada")).rejects.toMatchObject({ status: 403 });
  const elsewhere = await machine(w, "administrator");
  expect((await elsewhere.get("/sites/elsewhere/environments/live/gate")).status).toBe(404);
  expect(await gateEvents()).toEqual([]);
});

describe("the command line", () => {
  test("prints a gate in words, and as JSON that can be edited and set", async () => {
    await using dir = await folder();
    const sitebook = await commandLineMachine(w, "administrator");
    expect(await sitebook(["gate", "live"])).toMatchObject({
      code: 0,
      out: "Gate of live, version 1:\nNeeds 1 approval from Marketing; the requester’s own approval does not count.\n",
    });
    expect((await sitebook(["gate", "beta"])).out).toContain("beta has no gate:\nNo approval needed");
    const json = JSON.parse((await sitebook(["gate", "live", "--json"])).out);
    const file = join(dir.path, "gate.json");
    await writeFile(file, JSON.stringify({ ...json, ...marketing(2) }));

    const words = ["gate", "live", "--set", file, "--reason", "Prices"];
    const { code, out } = await sitebook(words);

    expect(code).toBe(0);
    expect(out).toContain("Gate of live, version 2:\nNeeds 2 approvals from Marketing;");
    expect(out).toContain("Warning: Nobody can approve for live: it needs 2 approvals from Marketing");
    await change("live", marketing(3));
    await writeFile(file, JSON.stringify({ ...json, ...marketing(4) }));
    expect(await sitebook(words)).toMatchObject({ code: 1, err: expect.stringContaining("you saw version 1") });
    const stdin = JSON.stringify(marketing(1));
    const keyed = ["gate", "live", "--set", "-", "--reason", "Back", "--key", "k1", "--json"];
    expect(JSON.parse((await sitebook(keyed, { stdin })).out)).toMatchObject({ version: 4, warnings: [] });
    expect(JSON.parse((await sitebook(keyed, { stdin })).out)).toMatchObject({ version: 4 });
  });

  test.each([
    [["gate"], "Name one environment, like sitebook gate live."],
    [["gate", "live", "--set", "-"], "--reason is missing."],
    [["gate", "live", "--set", "/nowhere/gate.json", "--reason", "x"], "/nowhere/gate.json cannot be read"],
    [["gate", "live", "--set", "-", "--reason", "x"], "Standard input has no gate in JSON"],
    [["gate", "nowhere"], "Environment not found."],
  ])("%j could not be carried out", async (line, sentence) => {
    const sitebook = await commandLineMachine(w, "administrator");
    const stdin = line.includes("x") ? "no json" : "{}";
    expect(await sitebook(line, { stdin })).toMatchObject({ code: 2, err: expect.stringContaining(sentence) });
  });

  test("a token without the right role is refused", async () => {
    const sitebook = await commandLineMachine(w, "contributor");
    const stdin = JSON.stringify(marketing(2));
    expect(await sitebook(["gate", "live", "--set", "-", "--reason", "x"], { stdin })).toMatchObject({
      code: 1,
      err: expect.stringContaining("You may not change the settings on this site."),
    });
  });
});

test("a gate with the longest texts still has its sentence in the history", async () => {
  const checklist = Array.from({ length: 20 }, (_, i) => `${i} ${"ж".repeat(290)}`);
  await change("live", { checklist });
  await change("live", { checklist: checklist.slice(1) });
  expect(await read("vera", "/sites/shop/history")).toContain("Iris changed the gate of live: checklist: “0 жж");
  expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  const site = (await findAccess(w.db, w.people.iris.id, "shop"))?.site;
  expect(site && environmentOf(site, "live").gate).toMatchObject({ version: 3, checklist: checklist.slice(1) });
});
