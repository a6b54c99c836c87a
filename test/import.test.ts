import { readFile, writeFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { placementsAsOf } from "../src/record/as-of.ts";
import { commandLine, commandLineMachine } from "./support/command-line.ts";
import { folder } from "./support/folder.ts";
import { environmentOf, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const short = [
  {
    at: "2026-02-01T08:00:00Z",
    source: "c0ffee",
    pages: [
      ["/sale", "v1"],
      ["/old", "v1"],
    ],
    software: [["checkout", "3.4.0"]],
  },
  {
    at: "2026-02-03T08:00:00Z",
    pages: [
      ["/sale", "v2"],
      ["/old", null],
    ],
  },
  { at: "2026-02-02T08:00:00Z", software: [["checkout", "3.4.1"]] },
];

test("a machine imports a file of deployments with their own times, in any order", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const { code, out, err } = await importText(sitebook, jsonLines(short));
  expect({ code, out, err }).toEqual({ code: 0, out: "3 deployments on beta, with 6 changes; 1 removed.\n", err: "" });
  expect(await linesAsOf("2026-02-02T12:00:00.000Z")).toEqual(["/old v1", "/sale v1", "checkout 3.4.1"]);
  expect(await linesAsOf("2026-02-04T00:00:00.000Z")).toEqual(["/sale v2", "checkout 3.4.1"]);
});

test("importing the same file again changes nothing", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const first = await importText(sitebook, jsonLines(short));
  const before = await counts();
  expect(await importText(sitebook, jsonLines(short))).toEqual(first);
  expect(await counts()).toEqual(before);
});

test("the file can have the API's form, with all its fields", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const line = {
    kind: "page",
    key: "/sale",
    version: "v1",
    title: "Sale",
    digest: "d1",
    requires: { checkout: ">=3" },
  };
  const deployments = [
    { effective_at: "2026-02-01T08:00:00Z", note: "All there is", complete: true, placements: [line] },
    { effective_at: "2026-02-01T09:00:00+01:00", placements: [{ ...line, key: "/s%C3%BC%C3%9F" }] },
  ];
  expect((await importText(sitebook, jsonLines(deployments))).code).toBe(0);
  expect(await linesAsOf("2026-02-02T00:00:00.000Z")).toEqual(["/sale v1", "/süß v1"]);
});

test.each([
  ["CSV", ","],
  ["a spreadsheet's CSV", ";"],
  ["TSV", "\t"],
])(
  "%s has one placement per line; neighbouring lines with the same time are one deployment",
  async (_name, delimiter) => {
    const sitebook = await commandLineMachine(w, "contributor");
    const rows = [
      ["effective_at", "kind", "key", "version", "title"],
      ["2026-02-01T08:00:00Z", "page", "/sale", "v1", `"Sale, late; ""more"""`],
      ["2026-02-01T08:00:00Z", "software", "checkout", "3.4.0", ""],
      ["2026-02-02T08:00:00Z", "page", "/sale", "-", ""],
    ];
    const text = `\uFEFF${rows.map((row) => row.join(delimiter)).join("\r\n")}\r\n`;
    expect((await importText(sitebook, text)).out).toBe("2 deployments on beta, with 3 changes; 1 removed.\n");
    const { title } = await w.db
      .selectFrom("artifacts")
      .select("title")
      .where("key", "=", "/sale")
      .executeTakeFirstOrThrow();
    expect(title).toBe('Sale, late; "more"');
    expect(await linesAsOf("2026-02-03T00:00:00.000Z")).toEqual(["checkout 3.4.0"]);
  },
);

test("every line that needs fixing is named with its number and the reason, before anything is sent", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const { code, err } = await importText(
    sitebook,
    [
      JSON.stringify(short[0]),
      "",
      "{not json",
      JSON.stringify({ at: "2026-02-30T08:00:00Z", pages: [["/sale", "v1"]] }),
      JSON.stringify({
        at: "2027-02-01T08:00:00Z",
        pages: [
          ["/sale", "v1"],
          ["sale", "v1"],
        ],
      }),
      JSON.stringify({ at: "2026-02-01T08:00:00Z", pages: [["/sale", 1]] }),
      JSON.stringify({ effective_at: "2026-02-01T08:00:00Z", placement: [] }),
      "[]",
    ].join("\n"),
  );
  expect(code).toBe(1);
  expect(err.split("\n")).toEqual([
    expect.stringMatching(/^\S+: 6 lines need fixing\. Nothing was recorded\.$/),
    "  Line 3: This is not JSON. Write one deployment per line.",
    '  Line 4: "2026-02-30T08:00:00Z" is not a valid date and time. Write it like 2026-03-03T14:00:00Z.',
    "  Line 5: That date and time is in the future. Record a deployment once it has happened.",
    `  Line 5: A page's path must begin with a slash: "sale" does not.`,
    '  Line 6: "pages.0.1" must be text, not a number.',
    '  Line 7: "placements" is missing.',
    '  Line 7: There is no field "placement" here. Check the spelling.',
    "  Line 8: The body must be an object, not a list.",
    "",
  ]);
  expect(await counts()).toMatchObject({ deployments: 0 });
});

test("every row of a table that needs fixing is named in the same way", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const { code, err } = await importText(
    sitebook,
    [
      "at,kind,key,version",
      "2026-02-01T08:00:00Z,page,/sale,v1",
      "2026-02-01T08:00:00Z,page,/sale,v2",
      "2026-02-01T08:00:00Z,thing,/sale,v2",
      ",page,/x,v1",
      "2026-02-02T08:00:00Z,page,/x,",
      '2026-02-03T08:00:00Z,page,"/y,v1',
    ].join("\n"),
  );
  expect(code).toBe(1);
  expect(err.split("\n")).toEqual([
    expect.stringContaining("5 lines need fixing"),
    "  Line 3: /sale is listed for this time in line 2 already.",
    '  Line 4: A line must begin with page or software, not "thing".',
    '  Line 5: "" is not a valid date and time. Write it like 2026-03-03T14:00:00Z.',
    "  Line 6: The version is missing. Write - for a removal.",
    expect.stringContaining("A quotation mark is not closed"),
    "",
  ]);
  expect((await importText(sitebook, "when,what\n1,2\n")).err).toContain("names no column with the path");
  expect((await importText(sitebook, "key,version\n/a,v1\n")).err).toContain("effective_at, key and version");
});

test("the only line that needs fixing is named too", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const { code, err } = await importText(sitebook, "at,kind,key,version\n2026-02-01T08:00:00Z,page,sale,v1\n");
  expect(code).toBe(1);
  expect(err).toContain("1 line needs fixing. Nothing was recorded. Line 2: A page's path must begin with a slash");
});

test("a file with a byte order mark, as spreadsheets write it, is read like any other", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const text = "\uFEFFat,kind,key,version\n2026-02-01T08:00:00Z,page,/sale,v1\n";
  expect(await importText(sitebook, text)).toMatchObject({ code: 0 });
  const stdin = "\uFEFFkind,key,version\npage,/café,v1\n";
  expect((await sitebook(["record", "beta"], { stdin })).out).toBe("Deployment 2 on beta: 1 changed.\n");
});

test("an empty file, a binary file and a missing file are refused", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  expect(await importText(sitebook, "\n\n")).toMatchObject({
    code: 1,
    err: expect.stringContaining("contains no deployment"),
  });
  expect(await importText(sitebook, "\u0000PNG")).toMatchObject({
    code: 1,
    err: expect.stringContaining("is not text"),
  });
  expect(await sitebook(["import", "beta", "/nowhere.jsonl"])).toMatchObject({ code: 2 });
  expect(await sitebook(["import", "beta"])).toMatchObject({ code: 2 });
});

test("the import stops at a line that the server refuses, and continues after it once that is fixed", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const sale = (day: number, digest: string) => ({
    effective_at: `2026-02-0${day}T08:00:00Z`,
    placements: [{ kind: "page", key: "/sale", version: "v1", digest }],
  });
  const refused = await importText(sitebook, jsonLines([sale(1, "a"), sale(2, "b"), sale(3, "a")]));
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("Line 2 was refused: /sale v1 is already recorded with other content");
  expect(refused.err).toContain("1 of 3 deployments recorded so far. Run the same command again to continue.");
  expect(await counts()).toMatchObject({ deployments: 1 });
  expect((await importText(sitebook, jsonLines([sale(1, "a"), sale(2, "a"), sale(3, "a")]))).code).toBe(0);
  expect(await counts()).toMatchObject({ deployments: 3, placements: 1 });
});

test("an import that is cut off continues where it was, and records nothing twice", async () => {
  const { secret } = await w.token("contributor");
  const env = { SITEBOOK_URL: "http://sitebook.test", SITEBOOK_TOKEN: secret };
  let left = 4; // the site's name, and three deployments; the response to the third is lost
  const line = commandLine({
    env,
    now: () => new Date(w.clock.at),
    fetch: async (url, init) => {
      const answer = await w.app.request(url, init);
      if (--left > 0) return answer;
      throw new TypeError("fetch failed", { cause: { code: "ECONNRESET" } });
    },
  });
  const history = await realHistory(12);
  const cut = await importText(line, history);
  expect(cut).toMatchObject({ code: 2, err: expect.stringContaining("2 of 12 deployments recorded so far") });
  expect(await counts()).toMatchObject({ deployments: 3 });
  left = Number.POSITIVE_INFINITY;
  expect((await importText(line, history)).code).toBe(0);
  expect(await counts()).toMatchObject({ deployments: 12 });
});

test("progress is drawn in a terminal only", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const history = await realHistory(3);
  expect((await importText(sitebook, history)).err).toBe("");
  const { err } = await importText(sitebook, history, { interactive: true });
  expect(err).toContain("\r██████████░░░░░░░░░░░░░░░░░░░░ 33 % of 3");
  expect(err).toMatch(/\r +\r$/);
});

test("an import into an environment with a gate is recorded, and flagged out of band", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  await using dir = await folder();
  await writeFile(`${dir.path}/live.jsonl`, jsonLines(short));
  const { out } = await sitebook(["import", "live", `${dir.path}/live.jsonl`, "--json"]);
  expect(JSON.parse(out)).toEqual({ deployments: 3, changed: 6, unchanged: 0, removed: 1, out_of_band: 6 });
});

type Sitebook = ReturnType<typeof commandLine>;

async function importText(sitebook: Sitebook, text: string, more: { interactive?: boolean } = {}) {
  await using dir = await folder();
  const file = `${dir.path}/history`;
  await writeFile(file, text);
  return await sitebook(["import", "beta", file], more);
}

function jsonLines(lines: object[]): string {
  return lines.map((line) => JSON.stringify(line)).join("\n");
}

async function realHistory(lines: number): Promise<string> {
  const all = gunzipSync(await readFile(new URL("support/real-history.jsonl.gz", import.meta.url))).toString();
  return all.split("\n").slice(0, lines).join("\n");
}

async function linesAsOf(asOf: string): Promise<string[]> {
  const rows = await placementsAsOf(w.db, w.site.id, environmentOf(w.site, "beta").id, { asOf }, { order: "key" });
  return rows.map((row) => `${row.key} ${row.version}`);
}

async function counts(): Promise<Record<string, number>> {
  const { deployments, events } = await w.db
    .selectFrom("sites")
    .select(["deployments", "events"])
    .where("slug", "=", "shop")
    .executeTakeFirstOrThrow();
  const { placements } = await w.db
    .selectFrom("placements")
    .select((eb) => eb.fn.countAll<number>().as("placements"))
    .executeTakeFirstOrThrow();
  return { deployments, events, placements };
}
