import { describe, expect, test } from "vitest";
import { differenceOf } from "../src/observations/difference.ts";
import { noiseBetween } from "../src/observations/find-noise.ts";
import { whyNotMask } from "../src/observations/mask-rules.ts";
import { readPage } from "../src/observations/read-page.ts";
import { type Filter, filterOf, type Mask, noFilter, viewOf } from "../src/observations/view.ts";
import { readContent } from "../src/observations/view-text.ts";
import { htmlPage } from "./support/web-site.ts";

const baseUrls = ["https://shop.example", "https://demo.shop.example"];

function read(html: string, filter: Filter = noFilter, contentType = "text/html; charset=utf-8") {
  const address = "https://shop.example/page";
  return readPage({ body: Buffer.from(html), contentType, robotsTag: undefined, address, baseUrls, filter });
}

const contentOf = (html: string): string => read(html).content ?? "";

describe("the content of a page that is kept", () => {
  test.each([
    ["tags that are not closed", "<title>A<p>b<b>c<table><tr><td>d</p></i><<<div class='x<p>e"],
    ["entities", "<p title='a'>Fish &amp;amp; chips &lt;b&gt; &nbsp;x&#x1f600; &copy; &#xd800; &unknown; & <</p>"],
    ["strange names", '<a<b c"d="1"><x:y id="a&quot;b<c">text</x:y></a<b><br/></br></p><p/>'],
    ["raw texts", "<textarea><b>not bold</b></textarea><title>one</title><title>two</title><xmp><p></xmp>"],
    ["pictures and forms", '<svg><title>logo</title></svg><img alt="A &quot;hat&quot;" src=/h.png><form action=?a=1>'],
    ["deep nesting", `<title>Deep</title>${"<div><span>".repeat(3000)}deep`],
    ["comments and data", "<!-- a --><![CDATA[b]]><?php c ?><!doctype html><p>d</p>"],
    ["frames", "<frameset><frame src='https://demo.shop.example/a'></frameset>"],
  ])("with %s reads the same as the page", (_, html) => {
    const { content, text_digest, structure_digest } = read(html);
    expect(readContent(content ?? "", noFilter)).toMatchObject({ text_digest, structure_digest });
  });

  test("is one for all servers, without scripts, tokens and the servers' own addresses", () => {
    const on = (host: string, token: string) =>
      htmlPage(
        "Shop",
        `<!-- ${token} --><form action="${host}/send?t=${token}"><input type="hidden" name="${token}" value="${token}"></form>
<p>Order on ${host}/order <time>${token}</time></p><script>${token}</script><div style="x${token}">Hats</div>`,
        `<meta name="csrf-token" content="${token}"><script src="/app.js?v=${token}"></script>`,
      );
    const [one, other] = [on("https://shop.example", "a1"), on("https://demo.shop.example", "b2")].map(contentOf);
    expect(one).toBe(other);
    expect(one).toContain("<p>Order on /order <time></time></p>");
    expect(read(on("https://shop.example", "a1")).title).toBe("Shop");
  });

  test("of plain text is its lines; of a picture, or of what is too long, none is kept", () => {
    expect(readContent(read("Hats\nand  boots", noFilter, "text/plain").content ?? "", noFilter).lines).toEqual([
      "Hats",
      "and boots",
    ]);
    expect(read("x", noFilter, "image/png").content).toBeUndefined();
    const long = htmlPage("Long", "<p>many words</p>".repeat(50_000));
    const masks = filterOf([{ kind: "selector", expression: "p" }], []);
    expect(read(long).content).toBeUndefined();
    expect(read(long, masks).text_digest).toBe(read(long).text_digest);
  });
});

describe("noise between two requests", () => {
  const between = (one: string, other: string) =>
    noiseBetween(viewOf(contentOf(one), noFilter), viewOf(contentOf(other), noFilter));
  const kinds = (one: string, other: string) => between(one, other).map(({ kind, place }) => `${kind} ${place}`);
  const teaser = (name: string) =>
    `<li class="teaser"><a href="/${name}"><img src="/${name}.png" alt="${name}"></a><p>${name}</p></li>`;

  test("is a text or an address, by the place of its element", () => {
    expect(kinds("<h1>Hats</h1><p>Seen <b>1</b> times</p>", "<h1>Hats</h1><p>Seen <b>2</b> times</p>")).toEqual([
      "words /p[1]/b[1]",
    ]);
    expect(kinds("<a href=/a>Offer</a>", "<a href=/b>Offer</a>")).toEqual(["address /a[1]"]);
    expect(kinds("<title>(1) Shop</title><p>a", "<title>(2) Shop</title><p>a")).toEqual(["words /title[1]"]);
  });

  test("is an order, if the same is there otherwise", () => {
    const list = (...names: string[]) => `<ul>${names.map(teaser).join("")}</ul>`;
    expect(kinds(list("a", "b", "c"), list("c", "a", "b"))).toEqual(["order /ul[1]"]);
    const ordered = filterOf([], [{ kind: "order", place: "/ul[1]" }]);
    const digest = (html: string) => readContent(contentOf(html), ordered).text_digest;
    expect(digest(list("a", "b", "c"))).toBe(digest(list("b", "c", "a")));
    expect(digest(list("a", "b", "c"))).not.toBe(digest(list("a", "b", "d")));
    const [one, other] = [list("a", "b"), list("a", "d")].map((html) => viewOf(contentOf(html), ordered));
    expect(noiseBetween(one as never, other as never)).toMatchObject([{ kind: "presence", place: "/ul[1]/li.teaser" }]);
  });

  test("is a whole element of which most differs, and one that comes and goes", () => {
    expect(kinds(`<ul>${teaser("a")}${teaser("b")}</ul>`, `<ul>${teaser("a")}${teaser("c")}</ul>`)).toEqual([
      "content /ul[1]/li.teaser[2]",
    ]);
    const banner = '<div class="banner">Now!</div>';
    const rest = "<div>Hats</div><p>1</p>";
    expect(kinds(`${banner}${rest}`, rest)).toEqual(["presence /div.banner"]);
    const without = filterOf([], [{ kind: "presence", place: "/div.banner" }]);
    expect(readContent(contentOf(banner + rest), without).lines).toEqual(["Hats", "1"]);
  });
});

describe("a mask", () => {
  const lines = (...masks: Mask[]) =>
    readContent(contentOf('<p class="stock">3 left</p><p>12 people look at hats</p>'), filterOf(masks, [])).lines;

  test("leaves out elements by a selector, and parts of lines by a pattern", () => {
    expect(lines({ kind: "selector", expression: "p.stock" })).toEqual(["12 people look at hats"]);
    expect(lines({ kind: "pattern", expression: String.raw`\d+ (people|persons)` })).toEqual([
      "3 left",
      "look at hats",
    ]);
  });

  test("is refused in plain words", () => {
    const why = (kind: Mask["kind"], expression: string, masks: Mask[] = []) => whyNotMask({ kind, expression }, masks);
    expect(why("selector", "")).toBe("Enter a CSS selector.");
    expect(why("selector", "p[")).toMatch(/^This CSS selector cannot be read: .+\.$/);
    expect(why("selector", "p:nonsense")).toMatch(/^This CSS selector cannot be read: .+\.$/);
    expect(why("pattern", "(")).toMatch(/^This pattern cannot be read: missing closing \): `\(`\.$/);
    for (const perl of ["(?=a)", "(?<!a)b", String.raw`(a)\1`]) expect(why("pattern", perl)).toContain("look ahead");
    expect(why("pattern", "a".repeat(501))).toBe("It can have at most 500 characters.");
    expect(why("pattern", "a", [{ kind: "pattern", expression: "a" }])).toBe("There is such a mask already.");
  });

  test("takes no longer for a pattern that would run away elsewhere", () => {
    const filter = filterOf([{ kind: "pattern", expression: "(a+)+$" }], []);
    const { lines } = readContent(`<p>${"a".repeat(30_000)}b</p>`, filter);
    expect(lines[0]).toHaveLength(30_001);
  });
});

describe("the difference of two contents", () => {
  const difference = (one: string, other: string) => differenceOf(contentOf(one), contentOf(other));
  const page = (title: string, ...lines: string[]) => htmlPage(title, lines.map((line) => `<p>${line}</p>`).join(""));

  test("has lines, words, links and the title", () => {
    const found = difference(
      page("Sale", "Shoes at half price", "Free delivery", '<a href="/old">More</a>'),
      page("Sales", "Boots at half price", "Free delivery", '<a href="/new">More</a>', "Until Friday"),
    );
    expect(found).toMatchObject({
      title: { before: "Sale", after: "Sales" },
      counts: { added: 1, removed: 0, changed: 1 },
      links: { added: ["/new"], removed: ["/old"] },
    });
    expect(found.lines[0]).toEqual({
      kind: "changed",
      before: [
        { text: "Shoes", isChanged: true },
        { text: " at half price", isChanged: false },
      ],
      after: [
        { text: "Boots", isChanged: true },
        { text: " at half price", isChanged: false },
      ],
    });
    expect(found.lines.at(-1)).toEqual({ kind: "added", text: "Until Friday" });
  });

  test("leaves out equal lines that are far from it, and ends with texts that have nothing in common", () => {
    const many = Array.from({ length: 50 }, (_, i) => `Line ${i}`);
    const { lines } = difference(page("a", ...many), page("a", ...many.with(25, "Other")));
    expect(lines.map(({ kind }) => kind).join(" ")).toBe("gap same same removed added same same gap");
    const long = (word: string) => page("a", ...Array.from({ length: 4000 }, (_, i) => `${word}${i}`));
    expect(difference(long("a"), long("b")).counts).toEqual({ added: 4000, removed: 4000, changed: 0 });
    expect(difference(page("a", "x"), page("a", "x")).lines).toEqual([{ kind: "gap", lines: 1 }]);
  });
});
