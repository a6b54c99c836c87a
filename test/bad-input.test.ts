import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeCursor } from "../src/api/cursor.ts";
import { countRowsIn, machine } from "./support/api.ts";
import { type World, world } from "./support/world.ts";

let w: World;
let ci: Awaited<ReturnType<typeof machine>>;
beforeEach(async () => {
  w = await world();
  ci = await machine(w, "contributor");
});
afterEach(() => w.close());

const path = "/sites/shop/environments/beta/deployments";
const page = { kind: "page", key: "/sale", version: "v1" };
const software = { kind: "software", key: "checkout", version: "3.4.1" };
const line = (change: object) => ({ placements: [page, { ...software, ...change }] });
const pageAt = (key: string) => ({ placements: [{ ...page, key }] });
const long = (length: number) => "x".repeat(length);
const many = (count: number) => Array.from({ length: count }, (_, i) => ({ ...page, key: `/${i}` }));

/** Bodies that are refused with 422, with the field and a part of its sentence. */
const wrong: [name: string, body: unknown, field: string, sentence: string][] = [
  ["a list for a body", [page], "", "The body must be an object, not a list."],
  ["null for a body", null, "", "The body must be an object, not null."],
  ["no placements", {}, "placements", '"placements" is missing.'],
  ["an empty list of placements", { placements: [] }, "placements", "List at least one page or software item."],
  ["a placement in place of a list", { placements: page }, "placements", '"placements" must be a list, not an object.'],
  ["a misspelt field", { ...line({}), efective_at: "x" }, "efective_at", 'no field "efective_at" here'],
  ["a misspelt field of a line", line({ tittle: "x" }), "placements.1.tittle", 'no field "tittle" here'],
  ["no kind", line({ kind: undefined }), "placements.1.kind", '"placements.1.kind" is missing.'],
  ["an unknown kind", line({ kind: "gadget" }), "placements.1.kind", "must be page or software."],
  ["no version", line({ version: undefined }), "placements.1.version", "is missing."],
  ["a number for a version", line({ version: 3.4 }), "placements.1.version", "must be text, not a number."],
  ["a number for a key", line({ key: 404 }), "placements.1.key", "must be text, not a number."],
  ["null for a note", { ...line({}), note: null }, "note", '"note" must be text, not null.'],
  ["text for a flag", { ...line({}), complete: "yes" }, "complete", "must be true or false, not text."],
  ["text for a number", { ...line({}), promotion: "7" }, "promotion", "must be a number, not text."],
  ["a fraction", { ...line({}), promotion: 1.5 }, "promotion", "must be a whole number"],
  ["a number that is too large", { ...line({}), promotion: 1e12 }, "promotion", "a whole number from 1 to"],
  ["an unknown promotion", { ...line({}), promotion: 7 }, "promotion", "There is no promotion 7 to beta."],
  ["an empty version", line({ version: " " }), "placements.1.version", "The version is missing."],
  [
    "a version of 1,000 characters",
    line({ version: long(1000) }),
    "placements.1.version",
    "at most 200 characters; this one has 1000",
  ],
  ["a title too long", line({ title: long(501) }), "placements.1.title", "at most 500 characters; this one has 501"],
  ["a digest too long", line({ digest: long(201) }), "placements.1.digest", "at most 200 characters"],
  ["a source too long", line({ source: long(2001) }), "placements.1.source", "at most 2,000 characters"],
  ["notes too long", line({ notes: long(10_001) }), "placements.1.notes", "at most 10,000 characters"],
  ["a note too long", { ...line({}), note: long(10_001) }, "note", "at most 10,000 characters; this one has 10,001"],
  ["a path too long", pageAt(`/${long(2000)}`), "placements.0.key", "at most 2000 characters; this one has 2001"],
  ["a path without a slash", pageAt("sale"), "placements.0.key", 'must begin with a slash: "sale" does not.'],
  ["a path with ..", pageAt("/sale/../etc"), "placements.0.key", 'cannot contain ".."'],
  ["a path with an encoded ..", pageAt("/sale/%2e%2e/etc"), "placements.0.key", 'cannot contain ".."'],
  ["a path with a space", pageAt("/a page"), "placements.0.key", 'cannot contain spaces: "/a page".'],
  ["a path with a dot between slashes", pageAt("/sale/./etc"), "placements.0.key", 'cannot contain ".." or "."'],
  ["a path with a query", pageAt("/sale?page=2"), "placements.0.key", "cannot contain a query or fragment"],
  ["a path with a fragment", pageAt("/sale#top"), "placements.0.key", "cannot contain a query or fragment"],
  ["a path wrongly encoded", pageAt("/100%"), "placements.0.key", "must be percent-encoded correctly"],
  ["a path in another encoding", pageAt("/gr%F6%DFe"), "placements.0.key", "must be percent-encoded correctly"],
  ["a lost character in a path", pageAt("/gr\ufffd\ufffde"), "placements.0.key", "was lost on the way"],
  ["a lost character in a title", line({ title: "Gr\ufffd\ufffde" }), "placements.1.title", "was lost on the way"],
  ["an empty path", pageAt(""), "placements.0.key", "A page's path is missing."],
  ["a software item's name with a space", line({ key: "check out" }), "placements.1.key", "cannot contain spaces"],
  ["a control character in a path", pageAt("/sale\u0000"), "placements.0.key", "cannot contain control characters"],
  ["a control character in a version", line({ version: "v\u0007" }), "placements.1.version", "control characters"],
  ["a control character in a title", line({ title: "a\u0000b" }), "placements.1.title", "control characters"],
  ["a control character in a note", { ...line({}), note: "a\u0000b" }, "note", "control characters"],
  ["an invisible character in a path", pageAt("/sa\u200ble"), "placements.0.key", "Remove U+200B."],
  ["an encoded invisible character in a path", pageAt("/sale%EF%BB%BF"), "placements.0.key", "Remove U+FEFF."],
  ["a turn of direction in a version", line({ version: "v\u202e1" }), "placements.1.version", "Remove U+202E."],
  ["a joiner between Latin letters", line({ key: "check\u200dout" }), "placements.1.key", "Remove U+200D."],
  ["half a surrogate pair", line({ title: "a\ud800b" }), "placements.1.title", "control characters"],
  [
    "the same page twice",
    { placements: [page, software, page] },
    "placements.2.key",
    "/sale is listed twice, first in line 1.",
  ],
  [
    "the same page twice, in two spellings",
    {
      placements: [
        { ...page, key: "/é" },
        { ...page, key: "/e%CC%81" },
      ],
    },
    "placements.1.key",
    "/é is listed twice",
  ],
  ["10,001 placements", { placements: many(10_001) }, "placements", "at most 10,000 lines; this one has 10,001"],
  ["a future moment", { ...line({}), effective_at: "2026-03-03T10:02:00Z" }, "effective_at", "in the future"],
  [
    "an invalid moment",
    { ...line({}), effective_at: "yesterday" },
    "effective_at",
    '"yesterday" is not a valid date and time',
  ],
  [
    "a moment without an offset",
    { ...line({}), effective_at: "2026-03-03T09:00:00" },
    "effective_at",
    "is not a valid date and time",
  ],
  [
    "the 30th of February",
    { ...line({}), effective_at: "2026-02-30T09:00:00Z" },
    "effective_at",
    "is not a valid date and time",
  ],
  [
    "a mistyped year",
    { ...line({}), effective_at: "0226-02-03T09:00:00Z" },
    "effective_at",
    "before there were web sites",
  ],
  [
    "a half invalid range",
    line({ requires: { cms: ">=new <4" } }),
    "placements.1.requires",
    "is not a range of versions",
  ],
  ["an invalid range", line({ requires: { cms: ">newest" } }), "placements.1.requires", "is not a range of versions"],
  [
    "a range that no version can satisfy",
    line({ requires: { cms: ">2 <1" } }),
    "placements.1.requires",
    "No version of cms matches >2 <1. Correct the range.",
  ],
  [
    "a range that is not text",
    line({ requires: { cms: 3 } }),
    "placements.1.requires.cms",
    "must be text, not a number.",
  ],
];

test.each(wrong)("%s is refused, with the field and the reason", async (_, body, field, sentence) => {
  const before = await countRowsIn(w);
  const answer = await ci.post(path, JSON.stringify(body));
  expect(answer.status).toBe(422);
  expect(answer.body.errors).toContainEqual({ path: field, message: expect.stringContaining(sentence) });
  expect(await countRowsIn(w)).toEqual(before);
});

test("all errors of a request are named at once", async () => {
  const { body } = await ci.post(path, {
    effective_at: "soon",
    placements: [
      { ...page, key: "x" },
      { ...page, version: "" },
    ],
  });
  expect(body.errors.map((error: { path: string }) => error.path)).toEqual([
    "effective_at",
    "placements.0.key",
    "placements.1.version",
  ]);
  expect(body.detail).toMatch(/And 2 more problems\.$/);
});

const json = { "content-type": "application/json" };
const megabytes = (count: number) => JSON.stringify({ note: long(count * 1024 * 1024), placements: [page] });

/** Bodies that cannot be read. */
const unreadable: [name: string, init: RequestInit, status: number, sentence: string][] = [
  ["cut-off JSON", { headers: json, body: '{"placements": [' }, 400, "not well-formed"],
  ["an empty body", { headers: json, body: "" }, 400, "not well-formed"],
  ["a body without a content type", { body: Buffer.from(JSON.stringify(line({}))) }, 415, "as JSON"],
  ["a body with the content type of text", { body: JSON.stringify(line({})) }, 415, "as JSON"],
  ["a form", { body: new URLSearchParams({ placements: "x" }) }, 415, "as JSON"],
  ["a body of 20 MB", { headers: json, body: megabytes(20) }, 413, "at most 10 MB"],
  [
    "a body with a content length of 20 MB",
    { headers: { ...json, "content-length": "20971520" }, body: "{}" },
    413,
    "10 MB",
  ],
];

test.each(unreadable)("%s is refused", async (_, init, status, sentence) => {
  const before = await countRowsIn(w);
  const answer = await ci.send(path, { method: "POST", ...init });
  expect(answer.status).toBe(status);
  expect(answer.body.detail).toContain(sentence);
  expect(await countRowsIn(w)).toEqual(before);
});

test.each([
  ["Site", "/sites/nowhere/environments/beta/deployments"],
  ["Site", "/sites/sh%00p/environments/beta/deployments"],
  ["Environment", "/sites/shop/environments/nowhere/deployments"],
  ["Environment", "/sites/shop/environments/%27%3B%20drop%20table/deployments"],
])("an unknown address is refused: %s not found, %s", async (what, unknown) => {
  const before = await countRowsIn(w);
  const { status, body } = await ci.post(unknown, line({}));
  expect(status).toBe(404);
  expect(body.detail).toBe(`${what} not found.`);
  expect(await countRowsIn(w)).toEqual(before);
});

test("an Idempotency-Key must have 1 to 200 characters", async () => {
  for (const key of ["", long(201)]) {
    const { status, body } = await ci.post(path, line({}), { "idempotency-key": key });
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ path: "Idempotency-Key" }]);
  }
  expect((await ci.post(path, line({}), { "idempotency-key": long(200) })).status).toBe(201);
});

/** Queries that are refused with 422: the parameter, and a part of its sentence. */
const wrongQueries: [parameter: string, sentence: string, query: string][] = [
  ["as_off", 'no parameter "as_off" here', "environments/beta/placements?as_off=2026-03-01T00:00:00Z"],
  ["as_of", '"someday" is not a valid date and time', "environments/beta/placements?as_of=someday"],
  ["from", "has no earlier change", "compare?from=beta~1&to=beta"],
  ["from", "There is no deployment 7", "compare?from=beta%237&to=beta"],
  ["to", '"~~" is not a valid date and time', "compare?from=beta&to=beta~~"],
  ["as_of", "in the future", "environments/beta/placements?as_of=2027-01-01T00:00:00Z"],
  ["known_at", "is not a valid date and time", "environments/beta/placements?known_at=x"],
  ["kind", "must be page or software.", "environments/beta/placements?kind=gadget"],
  ["limit", "from 1 to 1000", "environments/beta/placements?limit=0"],
  ["limit", "from 1 to 1000", "environments/beta/placements?limit=1001"],
  ["limit", "from 1 to 1000", "environments/beta/placements?limit=ten"],
  ["limit", "must be text, not a list.", "environments/beta/placements?limit=1&limit=2"],
  ["cursor", "does not belong to this list", "environments/beta/placements?cursor=x"],
  ["cursor", "does not belong to this list", `environments/beta/placements?cursor=${encodeCursor({ number: 3 })}`],
  ["cursor", "does not belong to this list", `artifacts?cursor=${encodeCursor({ kind: "page", key: "/\u0000" })}`],
  ["cursor", "does not belong to this list", `releases?cursor=${encodeCursor({ number: 1e12 })}`],
  ["q", "control characters", "artifacts?q=%00"],
  ["q", "at most 200 characters", `artifacts?q=${long(201)}`],
  ["key", '"key" is missing.', "artifacts/page/history"],
  ["key", "must begin with a slash", "artifacts/page/history?key=sale"],
  ["key", "control characters", "artifacts/software/history?key=%00"],
  ["since", '"noon" is not a valid date and time', "deployments?since=noon"],
  ["until", "is not a valid date and time", "deployments?until=2026-02-30T00:00:00Z"],
  ["state", "must be waiting or approved or", "promotions?state=lost"],
  ["release", '"release" is missing.', "can-promote?to=demo"],
  ["release", "a whole number, 1 or more", "can-promote?release=-1&to=demo"],
];

test.each(wrongQueries)("a wrong query is refused: %s %s", async (parameter, sentence, query) => {
  const { status, body } = await ci.get(`/sites/shop/${query}`);
  expect(status).toBe(422);
  expect(body.errors).toEqual([{ path: parameter, message: expect.stringContaining(sentence) }]);
});

test("a version that is recorded with another digest is refused, with the whole deployment", async () => {
  await ci.post(path, line({ digest: "sha256:1" }));
  const before = await countRowsIn(w);
  const { status, body } = await ci.post(path, {
    placements: [
      { ...page, key: "/new" },
      { ...software, digest: "sha256:2" },
    ],
  });
  expect(status).toBe(409);
  expect(body).toMatchObject({
    code: "version_content_differs",
    type: "urn:sitebook:problem:version_content_differs",
    errors: [{ path: "placements.1.version", message: expect.stringContaining("(digest sha256:1, not sha256:2)") }],
  });
  expect(await countRowsIn(w)).toEqual(before);
});

const hostile = `'); drop table placements; --"</textarea><script>alert(1)</script>\${7*7} %s 𝒳 é`;

test("SQL and HTML in any text are stored, returned and shown as text", async () => {
  const word = hostile.replaceAll(" ", "_");
  const texts = { title: hostile, digest: hostile, source: hostile, notes: hostile };
  const placements = [{ kind: "software", key: word, version: hostile, ...texts }];
  const recorded = await ci.post(path, { note: hostile, source: hostile, placements });
  expect(recorded.status).toBe(201);
  const { body } = await ci.get("/sites/shop/deployments/1");
  expect(body).toMatchObject({
    note: hostile,
    source: hostile,
    placements: [{ key: word, version: hostile, ...texts }],
  });

  const manager = await machine(w, "account-manager");
  const contents = [{ kind: "software", key: word, version: hostile }];
  expect((await manager.post("/sites/shop/releases", { name: hostile, notes: hostile, contents })).status).toBe(201);
  expect((await manager.get("/sites/shop/releases/1")).body).toMatchObject({ name: hostile, notes: hostile });
  const requested = await manager.post("/sites/shop/promotions", { release: 1, to: "demo", note: hostile });
  expect(requested.body).toMatchObject({ name: hostile, note: hostile });
  const tester = await machine(w, "tester");
  const decision = { decision: "reject", digest: requested.body.digest, comment: hostile };
  const rejected = await tester.post("/sites/shop/promotions/1/approvals", decision);
  expect(rejected.body.approvals).toMatchObject([{ comment: hostile }]);
  expect((await ci.get(`/sites/shop/artifacts?q=${encodeURIComponent(hostile)}`)).body.items).toHaveLength(1);
});

test("an invalid decision is refused, and nothing is recorded", async () => {
  await w.record("beta", ["/ v1"]);
  const { digest } = await w.ask((await w.release("Spring", ["/"])).number, "demo");
  const before = await countRowsIn(w);
  const tester = await machine(w, "tester");
  const post = (body: object) => tester.post("/sites/shop/promotions/1/approvals", body);
  for (const [body, field] of [
    [{ decision: "maybe", digest }, "decision"],
    [{ decision: "approve" }, "digest"],
    [{ decision: "approve", digest, comment: long(10_001) }, "comment"],
    [{ decision: "approve", digest, comment: "a\u0000" }, "comment"],
    [{ decision: "reject", digest }, "comment"],
    [{ decision: "approve", digest, dijest: "x" }, "dijest"],
  ] as const) {
    const { status, body: refused } = await post(body);
    expect(status).toBe(422);
    expect(refused.errors).toMatchObject([{ path: field }]);
  }
  expect(await countRowsIn(w)).toEqual(before);
});
