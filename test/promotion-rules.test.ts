import { describe, expect, test } from "vitest";
import type { Gate } from "../src/access/environments.ts";
import type { Permission } from "../src/access/permissions.ts";
import { type AssessedContent, blockersOf, isMet, type UnmetNeed } from "../src/promotions/blockers.ts";
import {
  approvedAfterwards,
  changeOf,
  endedAt,
  needOf,
  requirementsOf,
  rolesToDecide,
  stateOf,
  whyNotComment,
  whyNotDecide,
  whyNotDigest,
  whyNotRequest,
} from "../src/promotions/rules.ts";

const gate = (...requirements: [role: string, count: number][]): Gate => ({
  id: "g1",
  version: 1,
  requirements: requirements.map(([role, count]) => ({ role, count })),
  asker_may_approve: false,
});

type Said = [person: string, role: string, decision?: "approve" | "reject", at?: string, digest?: string];

const said = ([person_id, role, decision = "approve", at = "10:00", digest = "d1"]: Said) => ({
  person_id,
  role,
  decision,
  digest,
  decided_at: `2026-03-03T${at}:00.000Z`,
});

const completion = { completed_at: "2026-03-03T12:00:00.000Z", effective_at: "2026-03-03T12:00:00.000Z" };
const cancellation = (superseded_by: number | null) => ({ superseded_by, cancelled_at: "2026-03-03T11:00:00.000Z" });

/** A promotion that Ada asked for, and what has happened to it since. */
function asked(rows: { gate?: Gate | null; said?: Said[]; completed?: boolean; cancelled?: number | null } = {}) {
  const facts = {
    digest: "d1",
    gate: rows.gate === undefined ? gate(["marketing", 1]) : rows.gate,
    approvals: (rows.said ?? []).map(said),
    completion: rows.completed ? completion : null,
    cancellation: rows.cancelled === undefined ? null : cancellation(rows.cancelled),
  };
  return {
    ...facts,
    number: 31,
    asker_id: "ada",
    environment: { name: "live" },
    state: stateOf(facts),
    requirements: requirementsOf(facts, { marketing: "Marketing", tester: "Tester" }),
  };
}

const person = (id: string, roles: string[], permissions: Permission[] = ["view"]) => ({
  person: { id, name: id, kind: "person" as const, email: null },
  roles,
  permissions: new Set(permissions),
});

describe("the state, read off the rows", () => {
  test.each([
    ["nobody has said anything", asked(), "waiting"],
    ["the one who is asked approved", asked({ said: [["mara", "marketing"]] }), "approved"],
    ["another role approved", asked({ said: [["theo", "tester"]] }), "waiting"],
    ["one approval of two", asked({ gate: gate(["marketing", 2]), said: [["mara", "marketing"]] }), "waiting"],
    [
      "two of two",
      asked({
        gate: gate(["marketing", 2]),
        said: [
          ["mara", "marketing"],
          ["theo", "marketing"],
        ],
      }),
      "approved",
    ],
    [
      "both roles of two by one person, of whom each role has one",
      asked({ gate: gate(["tester", 1], ["marketing", 1]), said: [["mara", "tester"]] }),
      "waiting",
    ],
    ["an approval of other contents", asked({ said: [["mara", "marketing", "approve", "10:00", "d0"]] }), "waiting"],
    ["no gate", asked({ gate: null }), "approved"],
    [
      "one rejection among approvals",
      asked({
        said: [
          ["mara", "marketing"],
          ["theo", "marketing", "reject"],
        ],
      }),
      "rejected",
    ],
    ["cancelled", asked({ cancelled: null }), "cancelled"],
    ["replaced by another", asked({ cancelled: 32 }), "superseded"],
    ["completed", asked({ said: [["mara", "marketing"]], completed: true }), "completed"],
  ])("%s", (_, promotion, state) => {
    expect(promotion.state).toBe(state);
  });

  test("it ends when it is completed, rejected or cancelled, and not before", () => {
    expect(endedAt(asked({ said: [["mara", "marketing"]] }))).toBeUndefined();
    expect(endedAt(asked({ said: [["mara", "marketing", "reject", "10:30"]] }))).toBe("2026-03-03T10:30:00.000Z");
    expect(endedAt(asked({ cancelled: null }))).toBe("2026-03-03T11:00:00.000Z");
    expect(endedAt(asked({ completed: true }))).toBe("2026-03-03T12:00:00.000Z");
  });
});

describe("who decides", () => {
  test.each([
    ["the one who is asked", person("mara", ["marketing"]), undefined],
    [
      "whoever asked",
      person("ada", ["account-manager", "marketing"]),
      "You asked for this promotion, so somebody else has to decide.",
    ],
    [
      "another role",
      person("theo", ["tester"]),
      "live asks for the approval of Marketing, and that is not your role here.",
    ],
  ])("%s", (_, by, sentence) => {
    expect(whyNotDecide(asked(), by)).toBe(sentence);
  });

  test("whoever asked decides where the gate says so", () => {
    const promotion = asked({ gate: { ...gate(["marketing", 1]), asker_may_approve: true } });
    expect(whyNotDecide(promotion, person("ada", ["marketing"]))).toBeUndefined();
  });

  test("nobody decides where there is no gate, or where it has ended", () => {
    const mara = person("mara", ["marketing"]);
    expect(whyNotDecide(asked({ gate: null }), mara)).toBe("The way to live has no gate: nobody needs to approve.");
    expect(whyNotDecide(asked({ completed: true }), mara)).toBe("Promotion 31 has been completed.");
    expect(whyNotDecide(asked({ cancelled: 32 }), mara)).toBe("Promotion 31 was replaced by a newer one.");
  });

  test("with two roles that the gate asks, the one still wanted counts first", () => {
    const two = gate(["tester", 1], ["marketing", 1]);
    const mara = person("mara", ["tester", "marketing"]);
    expect(rolesToDecide(asked({ gate: two }), mara)).toEqual(["tester", "marketing"]);
    expect(rolesToDecide(asked({ gate: two, said: [["theo", "tester"]] }), mara)).toEqual(["marketing", "tester"]);
  });

  test("a rejection says why; an approval need not", () => {
    expect(whyNotComment("approve", "")).toBeUndefined();
    expect(whyNotComment("reject", "  ")).toBe(
      "Say what is wrong, so that it can be put right: a rejection needs a comment.",
    );
    expect(whyNotComment("approve", "x".repeat(10_001))).toBe(
      "A comment can have at most 10,000 characters; this one has 10,001.",
    );
  });

  test("a decision is for what was shown", () => {
    expect(whyNotDigest(asked(), "d1")).toBeUndefined();
    expect(whyNotDigest(asked(), "d0")).toContain("That is not what promotion 31 holds.");
  });
});

describe("what it wants of a person", () => {
  const mara = person("mara", ["marketing"]);
  const ada = person("ada", ["account-manager"], ["view", "promote"]);

  test.each([
    ["a decision of whom it asks", asked(), mara, "decision"],
    ["nothing of whoever asked", asked(), ada, undefined],
    [
      "nothing more of whoever has said yes",
      asked({ gate: gate(["marketing", 2]), said: [["mara", "marketing"]] }),
      mara,
      undefined,
    ],
    [
      "nothing of a role that has given enough",
      asked({ gate: gate(["marketing", 1], ["tester", 1]), said: [["eve", "marketing"]] }),
      mara,
      undefined,
    ],
    ["completion, once it is approved", asked({ said: [["mara", "marketing"]] }), ada, "completion"],
    ["nothing of an approver, once it is approved", asked({ said: [["mara", "marketing"]] }), mara, undefined],
    ["nothing once it is over", asked({ completed: true }), ada, undefined],
  ])("%s", (_, promotion, by, need) => {
    expect(needOf(promotion, by)).toBe(need);
  });
});

describe("what it changes there", () => {
  const stood = (version_id: string | null, out_of_band: 0 | 1 = 0) => ({ version_id, out_of_band });

  test.each([
    ["never there", "v2", undefined, "new"],
    ["removed there before", "v2", stood(null), "new"],
    ["another version", "v2", stood("v1"), "changed"],
    ["the same version", "v2", stood("v2"), "same"],
    ["the same, but nobody approved it", "v2", stood("v2", 1), "unapproved"],
    ["a removal of what is there", null, stood("v1"), "removed"],
    ["a removal of what never was", null, undefined, "same"],
    ["a removal that happened without approval", null, stood(null, 1), "unapproved"],
  ] as const)("%s", (_, version_id, there, change) => {
    expect(changeOf({ version_id }, there)).toBe(change);
  });

  test("nothing to ask for where it is asked already, or nothing would change", () => {
    const ask = (same: { number: number } | undefined, ...changes: ("same" | "changed" | "unapproved")[]) =>
      whyNotRequest(
        { number: 27 },
        { name: "live" },
        same,
        changes.map((change) => ({ change })),
      );
    expect(ask({ number: 31 }, "changed")?.message).toBe("Promotion 31 already asks for this.");
    expect(ask(undefined, "same", "same")?.message).toBe("live already holds all of release 27.");
    expect(ask(undefined, "same", "changed")).toBeUndefined();
    expect(ask(undefined, "unapproved")).toBeUndefined();
  });
});

describe("what blocks it", () => {
  const held = (version: string | null) => ({ version_id: version, version });
  const line = (key: string, version: string | null, before: AssessedContent["before"]): AssessedContent => ({
    key,
    version,
    version_id: version,
    before,
  });
  const sentences = (promotion: ReturnType<typeof asked>, contents: AssessedContent[] = [], needs: UnmetNeed[] = []) =>
    blockersOf(promotion, { name: "demo" }, contents, needs).map((one) => one.message);
  const approved = asked({ said: [["mara", "marketing"]] });

  test("nothing, where it is approved, still stands before the gate and has what it needs", () => {
    expect(sentences(approved, [line("/sale", "v1", held("v1"))])).toEqual([]);
  });

  test("all of it at once", () => {
    const need = { key: "/sale", version: "v1", software: "checkout", range: ">=3.2 <4", present: "3.1.0" };
    expect(sentences(asked(), [line("/sale", "v1", held("v2"))], [need])).toEqual([
      "Marketing has not approved it yet.",
      "It holds v1 of /sale, but demo now holds v2.",
      "/sale v1 needs checkout >=3.2 <4, but live would have 3.1.0.",
    ]);
  });

  test("approvals are counted where more than one is asked", () => {
    const promotion = asked({ gate: gate(["marketing", 2]), said: [["mara", "marketing"]] });
    expect(sentences(promotion)).toEqual(["Marketing has given 1 of 2 approvals."]);
  });

  test.each([
    ["it was removed", line("/sale", "v1", held(null)), "It holds v1 of /sale, but demo has removed it."],
    ["it never was there", line("/sale", "v1", undefined), "It holds v1 of /sale, but demo has never had it."],
    ["it is back", line("/old", null, held("v3")), "It removes /old, but demo now holds v3."],
  ])("the content moved on: %s", (_, content, sentence) => {
    expect(sentences(approved, [content])).toEqual([sentence]);
  });

  test("many that moved on are one sentence", () => {
    const contents = ["/a", "/b", "/c"].map((key) => line(key, "v1", held("v2")));
    expect(sentences(approved, contents)).toEqual([
      "It holds v1 of /a, but demo now holds v2. The same goes for 2 more.",
    ]);
  });

  test("software that would not be there at all", () => {
    const need = { key: "/sale", version: "v1", software: "checkout", range: ">=3", present: null };
    expect(sentences(approved, [], [need])).toEqual(["/sale v1 needs checkout >=3, but live would have no checkout."]);
  });

  test.each([
    ["its end alone", asked({ said: [["mara", "marketing", "reject"]] }), "rejected"],
    ["its end alone", asked({ completed: true }), "completed"],
  ])("%s, once it is over", (_, promotion, code) => {
    const moved = [line("/sale", "v1", held("v2"))];
    expect(blockersOf(promotion, { name: "demo" }, moved, []).map((one) => one.code)).toEqual([code]);
  });

  test.each([
    ["3.4.1", ">=3.2 <4", true],
    ["v3.4.1", "^3.2.0", true],
    ["3.4", ">=3.2 <4", true],
    ["3", ">=3.2 <4", false],
    ["4.0.0", ">=3.2 <4", false],
    ["4.0.0-rc.1", ">=3.2 <4", false],
    ["3.5.0-rc.1", ">=3.2 <4", true],
    ["nightly", ">=3.2", false],
    ["nightly", "nightly", true],
    [null, "*", false],
  ])("%s meets %s: %s", (present, range, met) => {
    expect(isMet({ present, range })).toBe(met);
  });
});

describe("completed before it was approved", () => {
  const done = (effective: string, ...approvals: Said[]) => ({
    ...asked({ said: approvals, completed: true }),
    completion: { ...completion, effective_at: `2026-03-03T${effective}:00.000Z` },
  });

  test("is told by the moment of the last approval that came after", () => {
    const promotion = done(
      "10:30",
      ["theo", "marketing", "approve", "10:00"],
      ["mara", "marketing", "approve", "11:00"],
    );
    expect(approvedAfterwards(promotion)).toBe("2026-03-03T11:00:00.000Z");
    expect(approvedAfterwards(done("11:00", ["mara", "marketing", "approve", "11:00"]))).toBeUndefined();
    expect(approvedAfterwards(asked({ said: [["mara", "marketing"]] }))).toBeUndefined();
  });
});
