import { describe, expect, test } from "vitest";
import { type Gate, gateDefaults } from "../src/access/gates.ts";
import type { Permission } from "../src/access/permissions.ts";
import { type AssessedContent, blockersOf, isMet, type VersionNeed } from "../src/promotions/blockers.ts";
import { approvedAfterwards } from "../src/promotions/completion-rules.ts";
import { rolesToDecide, whyNotDecide } from "../src/promotions/decision-rules.ts";
import { needOf } from "../src/promotions/need-rules.ts";
import { changeOf, whyNotRequest } from "../src/promotions/request-rules.ts";
import { whyNotComment, whyNotDigest } from "../src/promotions/review-rules.ts";
import { endedAt, requirementsOf, stateOf } from "../src/promotions/rules.ts";

const gate = (...requirements: [role: string, count: number][]): Gate => ({
  ...gateDefaults,
  id: "g1",
  version: 1,
  stored: {},
  requirements: requirements.map(([role, count]) => ({ role, count })),
  asker_may_approve: false,
});

type DecisionTuple = [person: string, role: string, decision?: "approve" | "reject", at?: string, digest?: string];

const approvalRow = ([person_id, role, decision = "approve", at = "10:00", digest = "d1"]: DecisionTuple) => ({
  person_id,
  role,
  decision,
  digest,
  decided_at: `2026-03-03T${at}:00.000Z`,
  withdrawn_at: null as string | null,
});

const now = "2026-03-03T13:00:00.000Z";
const completion = { completed_at: "2026-03-03T12:00:00.000Z", effective_at: "2026-03-03T12:00:00.000Z" };
const cancellation = (superseded_by: number | null) => ({
  superseded_by,
  cancelled_at: "2026-03-03T11:00:00.000Z",
  expired_at: null,
});

/** A promotion that Ada requested, and what has happened to it since. */
function requested(
  rows: { gate?: Gate | null; decisions?: DecisionTuple[]; completed?: boolean; cancelled?: number | null } = {},
) {
  const facts = {
    digest: "d1",
    gate: rows.gate === undefined ? gate(["marketing", 1]) : rows.gate,
    approvals: (rows.decisions ?? []).map(approvalRow),
    completion: rows.completed ? completion : null,
    cancellation: rows.cancelled === undefined ? null : cancellation(rows.cancelled),
  };
  return {
    ...facts,
    number: 31,
    requester_id: "ada",
    recorders: [] as string[],
    checklist: [],
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

describe("the state of a promotion", () => {
  test.each([
    ["nobody has decided", requested(), "waiting"],
    ["the needed role approved", requested({ decisions: [["mara", "marketing"]] }), "approved"],
    ["another role approved", requested({ decisions: [["theo", "tester"]] }), "waiting"],
    ["one approval of two", requested({ gate: gate(["marketing", 2]), decisions: [["mara", "marketing"]] }), "waiting"],
    [
      "two of two",
      requested({
        gate: gate(["marketing", 2]),
        decisions: [
          ["mara", "marketing"],
          ["theo", "marketing"],
        ],
      }),
      "approved",
    ],
    [
      "one of two roles approved",
      requested({ gate: gate(["tester", 1], ["marketing", 1]), decisions: [["mara", "tester"]] }),
      "waiting",
    ],
    [
      "an approval with another digest",
      requested({ decisions: [["mara", "marketing", "approve", "10:00", "d0"]] }),
      "waiting",
    ],
    ["no gate", requested({ gate: null }), "approved"],
    [
      "one rejection among approvals",
      requested({
        decisions: [
          ["mara", "marketing"],
          ["theo", "marketing", "reject"],
        ],
      }),
      "rejected",
    ],
    ["cancelled", requested({ cancelled: null }), "cancelled"],
    ["replaced by a newer one", requested({ cancelled: 32 }), "superseded"],
    ["completed", requested({ decisions: [["mara", "marketing"]], completed: true }), "completed"],
  ])("%s", (_, promotion, state) => {
    expect(promotion.state).toBe(state);
  });

  test("a promotion ends when it is completed, rejected or cancelled, and not before", () => {
    expect(endedAt(requested({ decisions: [["mara", "marketing"]] }))).toBeUndefined();
    expect(endedAt(requested({ decisions: [["mara", "marketing", "reject", "10:30"]] }))).toBe(
      "2026-03-03T10:30:00.000Z",
    );
    expect(endedAt(requested({ cancelled: null }))).toBe("2026-03-03T11:00:00.000Z");
    expect(endedAt(requested({ completed: true }))).toBe("2026-03-03T12:00:00.000Z");
  });
});

describe("who can decide", () => {
  test.each([
    ["a person with the needed role", person("mara", ["marketing"]), undefined],
    [
      "the requester",
      person("ada", ["account-manager", "marketing"]),
      "You requested this promotion, so someone else has to decide.",
    ],
    [
      "another role",
      person("theo", ["tester"]),
      "live needs approval by Marketing. You have no such role on this site.",
    ],
  ])("%s", (_, actor, sentence) => {
    expect(whyNotDecide(requested(), actor)).toBe(sentence);
  });

  test("the requester can decide if the gate allows it", () => {
    const promotion = requested({ gate: { ...gate(["marketing", 1]), asker_may_approve: true } });
    expect(whyNotDecide(promotion, person("ada", ["marketing"]))).toBeUndefined();
  });

  test("nobody can decide without a gate, or once the promotion has ended", () => {
    const mara = person("mara", ["marketing"]);
    expect(whyNotDecide(requested({ gate: null }), mara)).toBe("Promotions to live need no approval.");
    expect(whyNotDecide(requested({ completed: true }), mara)).toBe("Promotion 31 has been completed.");
    expect(whyNotDecide(requested({ cancelled: 32 }), mara)).toBe("Promotion 31 was replaced by a newer one.");
  });

  test("of two roles that the gate needs, the one whose approval is missing comes first", () => {
    const two = gate(["tester", 1], ["marketing", 1]);
    const mara = person("mara", ["tester", "marketing"]);
    expect(rolesToDecide(requested({ gate: two }), mara)).toEqual(["tester", "marketing"]);
    expect(rolesToDecide(requested({ gate: two, decisions: [["theo", "tester"]] }), mara)).toEqual([
      "marketing",
      "tester",
    ]);
  });

  test("a rejection needs a comment, an approval does not", () => {
    expect(whyNotComment("approve", "")).toBeUndefined();
    expect(whyNotComment("reject", "  ")).toBe(
      "A rejection needs a comment. Say what is wrong, so that it can be fixed.",
    );
    expect(whyNotComment("approve", "x".repeat(10_001))).toBe(
      "A comment can have at most 10,000 characters; this one has 10,001.",
    );
  });

  test("a decision needs the promotion's digest", () => {
    expect(whyNotDigest(requested(), "d1")).toBeUndefined();
    expect(whyNotDigest(requested(), "d0")).toContain("This is not what promotion 31 contains.");
  });
});

describe("what a promotion needs from a person", () => {
  const mara = person("mara", ["marketing"]);
  const ada = person("ada", ["account-manager"], ["view", "promote"]);

  test.each([
    ["a decision from the needed role", requested(), mara, "decision"],
    ["nothing from the requester", requested(), ada, undefined],
    [
      "nothing from a person who has approved",
      requested({ gate: gate(["marketing", 2]), decisions: [["mara", "marketing"]] }),
      mara,
      undefined,
    ],
    [
      "nothing from a role that has given all its approvals",
      requested({ gate: gate(["marketing", 1], ["tester", 1]), decisions: [["eve", "marketing"]] }),
      mara,
      undefined,
    ],
    ["completion, once it is approved", requested({ decisions: [["mara", "marketing"]] }), ada, "completion"],
    [
      "nothing from an approver, once it is approved",
      requested({ decisions: [["mara", "marketing"]] }),
      mara,
      undefined,
    ],
    ["nothing once it has ended", requested({ completed: true }), ada, undefined],
  ])("%s", (_, promotion, actor, need) => {
    expect(
      needOf(
        { ...promotion, requester_kind: "person", schedule: null },
        { ...actor, at: "2026-03-03T10:00:00.000Z" },
        [],
      ),
    ).toBe(need);
  });
});

describe("what a promotion changes in its target", () => {
  const target = (version_id: string | null, out_of_band: 0 | 1 = 0) => ({ version_id, out_of_band });

  test.each([
    ["never recorded there", "v2", undefined, "new"],
    ["removed there before", "v2", target(null), "new"],
    ["another version", "v2", target("v1"), "changed"],
    ["the same version", "v2", target("v2"), "same"],
    ["the same, but nobody approved it", "v2", target("v2", 1), "unapproved"],
    ["a removal of what is there", null, target("v1"), "removed"],
    ["a removal of what was never there", null, undefined, "same"],
    ["a removal that happened without approval", null, target(null, 1), "unapproved"],
  ] as const)("%s", (_, version_id, inTarget, change) => {
    expect(changeOf({ version_id }, inTarget)).toBe(change);
  });

  test("no promotion can be requested if the same is open, or nothing would change", () => {
    const whyNot = (same: { number: number } | undefined, ...changes: ("same" | "changed" | "unapproved")[]) =>
      whyNotRequest(
        { number: 27, rollback_of: null, take_down_of: null, bad: null },
        { name: "live" },
        same,
        changes.map((change) => ({ change })),
      );
    expect(whyNot({ number: 31 }, "changed")?.message).toBe("Already requested: promotion 31.");
    expect(whyNot(undefined, "same", "same")?.message).toBe("Release 27 would not change anything on live.");
    expect(whyNot(undefined, "same", "changed")).toBeUndefined();
    expect(whyNot(undefined, "unapproved")).toBeUndefined();
  });
});

describe("what blocks a promotion", () => {
  const source = (version: string | null) => ({ version_id: version, version });
  const line = (key: string, version: string | null, inSource: AssessedContent["inSource"]): AssessedContent => ({
    key,
    version,
    version_id: version,
    inSource,
  });
  const sentences = (
    promotion: ReturnType<typeof requested>,
    contents: AssessedContent[] = [],
    needs: VersionNeed[] = [],
  ) => blockersOf(promotion, { name: "demo" }, contents, needs, now).map((blocker) => blocker.message);
  const approved = requested({ decisions: [["mara", "marketing"]] });

  test("nothing, if it is approved, unchanged in the source, and has the software it needs", () => {
    expect(sentences(approved, [line("/sale", "v1", source("v1"))])).toEqual([]);
  });

  test("all blockers at once", () => {
    const need = { key: "/sale", version: "v1", software: "checkout", range: ">=3.2 <4", present: "3.1.0" };
    expect(sentences(requested(), [line("/sale", "v1", source("v2"))], [need])).toEqual([
      "Marketing has not approved it yet.",
      "The release has /sale v1, but demo now has v2.",
      "/sale v1 needs checkout >=3.2 <4, but live would have 3.1.0.",
    ]);
  });

  test("approvals are counted if more than one is needed", () => {
    const promotion = requested({ gate: gate(["marketing", 2]), decisions: [["mara", "marketing"]] });
    expect(sentences(promotion)).toEqual(["Marketing has given 1 of 2 approvals."]);
  });

  test.each([
    ["it was removed", line("/sale", "v1", source(null)), "The release has /sale v1, but it was removed from demo."],
    ["it never was there", line("/sale", "v1", undefined), "The release has /sale v1, but demo never had it."],
    ["it is back", line("/old", null, source("v3")), "The release removes /old, but demo now has v3."],
  ])("the source moved on: %s", (_, content, sentence) => {
    expect(sentences(approved, [content])).toEqual([sentence]);
  });

  test("several that moved on are one sentence", () => {
    const contents = ["/a", "/b", "/c"].map((key) => line(key, "v1", source("v2")));
    expect(sentences(approved, contents)).toEqual(["The release has /a v1, but demo now has v2 (and 2 more)."]);
  });

  test("software that would not be there at all", () => {
    const need = { key: "/sale", version: "v1", software: "checkout", range: ">=3", present: null };
    expect(sentences(approved, [], [need])).toEqual(["/sale v1 needs checkout >=3, but live would have no checkout."]);
  });

  test.each([
    ["only its end", requested({ decisions: [["mara", "marketing", "reject"]] }), "rejected"],
    ["only its end", requested({ completed: true }), "completed"],
  ])("%s, once it has ended", (_, promotion, code) => {
    const moved = [line("/sale", "v1", source("v2"))];
    expect(blockersOf(promotion, { name: "demo" }, moved, [], now).map((blocker) => blocker.code)).toEqual([code]);
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
    // numbers with more than three parts are compared part by part
    ["3.4.0.12", ">=3.4.0.5 <4", true],
    ["3.4.0.4", ">=3.4.0.5 <4", false],
    ["3.4.0", ">=3.4.0.5 <4", false],
    ["3.4.0.100", ">3.4.0.12", true],
    ["3.4.0.12", ">= 3.2", true],
    ["4.0.0.1", "<4", false],
    ["3.4.0.12", "^3.2", true],
    ["3.4.0.12", "3.x", true],
    ["3.4.1.7", "3.4.1", false],
    ["3.4.1.0", "3.4.1", true],
    ["3.4.1", ">=3.4.0.9", true],
    ["3.4.0", ">=3.4.0.9", false],
    ["3.4.0.9-rc.1", ">=3.4.0.9", false],
    ["3.5.0.1", "~3.4.0.9", false],
    ["3.4.2.1", "~3.4.0.9", true],
    ["3.4.2.1", "^3.4.0.9 || 5.0.0.1", true],
    ["5.0.0.1", "^3.4.0.9 || 5.0.0.1", true],
    ["10.0.0.1", "*", true],
    // a commit or a date is met by itself alone
    ["3f2a9c1", "3f2a9c1", true],
    ["3f2a9c2", "3f2a9c1", false],
    ["2026-11-29", "2026-11-29", true],
    ["2026-11-30", "2026-11-29", false],
    ["2026-11-29", ">=1", false],
    ["Zoe\u0308", "Zoë", true],
    [null, "*", false],
  ])("%s meets %s: %s", (present, range, met) => {
    expect(isMet({ present, range })).toBe(met);
  });
});

describe("completed before it was approved", () => {
  const done = (effective: string, ...approvals: DecisionTuple[]) => ({
    ...requested({ decisions: approvals, completed: true }),
    completion: { ...completion, effective_at: `2026-03-03T${effective}:00.000Z` },
  });

  test("is known by the moment of the latest approval that came after", () => {
    const late: DecisionTuple = ["mara", "marketing", "approve", "11:00"];
    expect(approvedAfterwards(done("10:30", late))).toBe("2026-03-03T11:00:00.000Z");
    // the gate needs one approval, so that a second does not count
    expect(approvedAfterwards(done("10:30", ["theo", "marketing", "approve", "10:00"], late))).toBeUndefined();
    expect(approvedAfterwards(done("11:00", ["mara", "marketing", "approve", "11:00"]))).toBeUndefined();
    expect(approvedAfterwards(requested({ decisions: [["mara", "marketing"]] }))).toBeUndefined();
  });
});
