import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Notices } from "../src/intake/notices.ts";
import { readLines } from "../src/intake/read-lines.ts";
import { type Bytes, textLines, windows1252 } from "../src/intake/text-lines.ts";

const shop = ["https://www.shop.example", "https://new.shop.example/store/"];

/** What is read from a file: `page /sale v1 Title`, or `line 3: why not`, with the notices. */
async function read(file: string | Uint8Array | Bytes, { baseUrls = shop, encoding = undefined as never } = {}) {
  const bytes = typeof file === "string" ? [Buffer.from(file)] : file instanceof Uint8Array ? [file] : file;
  const notices = new Notices();
  const context = { baseUrls: () => baseUrls, notices };
  const all = await Array.fromAsync(readLines(textLines(bytes, encoding), context));
  const lines = all.map(({ number, line, wrong }) =>
    line
      ? [line.kind, line.key, line.version ?? "(removed)", line.title].filter(Boolean).join(" ")
      : `line ${number}: ${wrong}`,
  );
  return { lines, notices: notices.sentences(), all };
}

const linesOf = async (file: Parameters<typeof read>[0]) => (await read(file)).lines;

describe("a sitemap", () => {
  const sitemap = `<?xml version="1.0" encoding="UTF-8"?>
<!-- made by a program -->
<sm:urlset xmlns:sm="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <sm:url><sm:loc>https://www.shop.example/</sm:loc><sm:lastmod>2026-01-05T10:00:00+00:00</sm:lastmod></sm:url>
  <sm:url>
    <sm:loc>
      http://www.shop.example/gr%C3%B6%C3%9Fe/a%20b
    </sm:loc>
    <image:image><image:loc>https://www.shop.example/logo.png</image:loc></image:image>
    <sm:lastmod>2026-02-01</sm:lastmod><sm:priority>0.8</sm:priority>
  </sm:url>
  <sm:url><sm:loc><![CDATA[https://new.shop.example/store/sale]]></sm:loc></sm:url>
  <sm:url><sm:loc>https://cdn.example/x</sm:loc></sm:url>
  <sm:url><sm:loc>https://www.shop.example/search?a=1&b=2&amp;c=3</sm:loc></sm:url>
</sm:urlset>`;
  const pages = [
    "page / 2026-01-05",
    "page /größe/a%20b 2026-02-01",
    "page /sale baseline",
    'line 14: A page\'s path cannot contain a query or fragment: "/search?a=1&b=2&c=3".',
  ];

  test("gives the paths of its pages, each with the date of its last change", async () => {
    const { lines, notices } = await read(sitemap);
    expect(lines).toEqual(pages);
    expect(notices).toEqual([
      "1 address is not on this environment’s servers, and left out: cdn.example (1).",
      "3 pages have no version here. The label is the date of the last change, or “baseline” for 1.",
    ]);
  });

  test("can be gzipped, in UTF-16, and arrive in pieces of any size", async () => {
    expect(await linesOf(gzipSync(sitemap))).toEqual(pages);
    expect(await linesOf(Buffer.from(`\uFEFF${sitemap}`, "utf16le"))).toEqual(pages);
    const packed = gzipSync(sitemap);
    expect(await linesOf([...packed].map((byte) => Buffer.from([byte])))).toEqual(pages);
    expect(await linesOf([...Buffer.from(sitemap)].map((byte) => Buffer.from([byte])))).toEqual(pages);
  });

  test.each([
    ["cut off", sitemap.slice(0, 600), "This sitemap is damaged or cut off at line 12: unclosed tag"],
    ["of another kind", "<rss><channel/></rss>", "This is XML, but not a sitemap: it begins with <rss>."],
    ["a web page", "\n<!DOCTYPE html>\n<html lang=en>", "This is a web page, not a sitemap."],
    [
      "an index",
      '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>https://www.shop.example/1.xml</loc></sitemap></sitemapindex>',
      "This is an index of sitemaps",
    ],
    ["gzipped and cut off", gzipSync(sitemap).subarray(0, 200), "This file cannot be unpacked"],
    ["a bomb", gzipSync(Buffer.alloc(60 * 1024 * 1024, "<urlset>")), "This file has more than 50 MB."],
    ["a spreadsheet's own file", Buffer.from("PK\u0003\u0004..."), "This file is not text."],
  ])("that is %s is refused with the reason", async (_name, file, sentence) => {
    await expect(read(file)).rejects.toThrow(sentence);
  });

  test("expands no entities of its own", async () => {
    const bomb = `<!DOCTYPE u [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>\n<urlset><url><loc>https://www.shop.example/&b;</loc></url></urlset>`;
    expect(await linesOf(bomb)).toEqual(["page /&b; baseline"]);
  });
});

describe("a list", () => {
  test("of addresses becomes paths, and other hosts are pointed out once", async () => {
    const list = [
      "https://www.shop.example",
      "https://www.shop.example/a",
      "HTTP://WWW.SHOP.EXAMPLE/b/../c",
      "https://other.example/x",
      "https://other.example/y",
      "https://new.shop.example/elsewhere",
      "",
      "# a comment",
      "https://www.shop.example/a#top",
    ].join("\n");
    const { lines, notices } = await read(list);
    expect(lines).toEqual([
      "page / baseline",
      "page /a baseline",
      "page /c baseline",
      'line 9: A page\'s path cannot contain a query or fragment: "/a#top".',
    ]);
    expect(notices[0]).toBe(
      "3 addresses are not on this environment’s servers, and left out: other.example (2) and new.shop.example (1).",
    );
  });

  test("of addresses can be read without a server, by the host of the first", async () => {
    const { lines, notices } = await read("https://a.example/x\nhttps://b.example/y\nhttps://a.example/z", {
      baseUrls: [],
    });
    expect(lines).toEqual(["page /x baseline", "page /z baseline"]);
    expect(notices).toContain("This environment has no server yet, so a.example was read as its address.");
  });

  test("of paths may have a heading, and versions", async () => {
    expect(await linesOf("Path\r\n/a\r\n/b/c%20d\r\n/e v2\r\n")).toEqual([
      "page /a baseline",
      "page /b/c%20d baseline",
      "page /e v2",
    ]);
  });

  test("with versions misses one that has none", async () => {
    expect(await linesOf("/a v1\n/b\npage /old -\nsoftware checkout 3.4.1")).toEqual([
      "page /a v1",
      "line 2: The version is missing. Write - for a removal.",
      "page /old (removed)",
      "software checkout 3.4.1",
    ]);
  });
});

describe("a table", () => {
  test.each([
    [
      "a crawler",
      '"Address","Content Type","Status Code","Title 1"\n"https://www.shop.example/a","text/html","200","A, really"',
    ],
    ["a spreadsheet", "sep=;\nURL;Type;Status Code;Page title\nhttps://www.shop.example/a;text/html;200;A, really"],
    ["a page manager", "Page\tPage URL\tStatus Code\tContent Type\nA, really\t/a\t200\ttext/html"],
    ["a shop", 'Page URL,Page title,Status Code\n/a,"A, really",200'],
    ["a counter of visits", '# 2026\nPage path and screen class,Title,Status Code\n/a,"A, really",200'],
    ["an editor", "sep=|\nContent Type|Status Code|Link|Title\n|200|/a|A, really"],
  ])("of %s is read by its headings, and unknown columns are pointed out", async (_name, table) => {
    const { lines, notices } = await read(table);
    expect(lines).toEqual(["page /a baseline A, really"]);
    expect(notices[0]).toMatch(/^Not recorded: the columns? .*“Status Code”/);
  });

  test("takes the version from a last change, or from its own column", async () => {
    expect(await linesOf("URL,Last modified\n/a,2026-02-01 10:00:00\n/b,\n/c,5 Feb 2026")).toEqual([
      "page /a 2026-02-01",
      "page /b baseline",
      "page /c 5 Feb 2026",
    ]);
    expect(await linesOf("path,version,Last modified\n/a,v1,2026-02-01\n/b,,2026-02-01")).toEqual([
      "page /a v1",
      "line 3: The version is missing. Write - for a removal.",
    ]);
  });

  test("may have line breaks, quotation marks and delimiters in a cell, and rows of empty cells", async () => {
    const table = [
      "kind,key,version,title",
      'page,/a,v1,"Two',
      'lines, ""quoted"""',
      ",,,",
      'page,/b,v1,5" screen',
      'page,"/c d",v1, "spaced" ',
      "",
      "page,/e,v1",
    ].join("\r\n");
    const { lines, all } = await read(table);
    expect(lines).toEqual([
      'page /a v1 Two lines, "quoted"',
      'page /b v1 5" screen',
      "page /c%20d v1 spaced",
      "page /e v1",
    ]);
    expect(all.map(({ number }) => number)).toEqual([2, 5, 6, 8]);
  });

  test("with one quotation mark that is not closed still gives its other lines", async () => {
    const rows = Array.from({ length: 500 }, (_, i) => `page,/p${i},v1,"Page ${i}"`);
    rows[250] = 'page,/p250,v1,"Page 250';
    const lines = await linesOf(["kind,key,version,title", ...rows].join("\n"));
    expect(lines.filter((line) => line.startsWith("line"))).toEqual([
      "line 252: A quotation mark is not closed, or is in the wrong place.",
    ]);
    expect(lines).toHaveLength(500);
    expect(lines.at(-1)).toBe("page /p499 v1 Page 499");
  });

  test("with a quotation mark that is not closed in the middle does not swallow the next line", async () => {
    expect(await linesOf('key,title,version\n/a,"A,v1\n/b,"B",v1\n/c,"C",v1')).toEqual([
      "line 2: A quotation mark is not closed, or is in the wrong place.",
      "page /b v1 B",
      "page /c v1 C",
    ]);
  });

  test("without headings is read by its order", async () => {
    expect(await linesOf("page,/a,v1,A\nsoftware,checkout,3.4.1,")).toEqual([
      "page /a v1 A",
      "software checkout 3.4.1",
    ]);
    expect(await linesOf("/a;v1;A\n/b;v2;B")).toEqual(["page /a v1 A", "page /b v2 B"]);
  });

  test("that names no page is refused with the headings that are known", async () => {
    await expect(read("Colour,Size\nred,4")).rejects.toThrow(
      "Call that column key, path or URL, or for software package or component, beside one called version.",
    );
  });
});

describe("an encoding", () => {
  const german = "URL;Titel;Title\n/größe;x;Größe für Mädchen\n/kurz;y;Kurz";

  test.each([
    ["UTF-8", Buffer.from(german)],
    ["UTF-8 with a mark", Buffer.from(`\uFEFF${german}`)],
    ["UTF-16 with a mark", Buffer.from(`\uFEFF${german}`, "utf16le")],
    ["UTF-16 without", Buffer.from(german, "utf16le")],
    ["UTF-16, the large end first", Buffer.from(`\uFEFF${german}`, "utf16le").swap16()],
  ])("%s is recognised", async (_name, file) => {
    expect(await linesOf(file)).toEqual(["page /größe baseline Größe für Mädchen", "page /kurz baseline Kurz"]);
  });

  test("Windows-1252 is named with its line, and read if the reader agrees", async () => {
    const file = Buffer.from(german.replaceAll("ö", "\u00f6"), "latin1");
    expect(await linesOf(file)).toEqual([
      "line 2: This is not UTF-8. It looks like Windows-1252.",
      "page /kurz baseline Kurz",
    ]);
    expect((await read(file, { encoding: windows1252 as never })).lines).toEqual(await linesOf(german));
  });
});
