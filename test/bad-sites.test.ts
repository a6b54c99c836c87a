import { execFileSync } from "node:child_process";
import dns from "node:dns";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { syncBuiltinESMExports } from "node:module";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { createClient, NoResponse } from "../src/network/get.ts";
import { callable } from "../src/network/private-networks.ts";
import { noFilter } from "../src/observations/view.ts";
import { fetchFrom, type Reach } from "../src/visits/fetch-page.ts";
import { followedPaths } from "../src/visits/followed-links.ts";
import { lookAt } from "../src/visits/look.ts";
import { addressesOn } from "../src/visits/page-links.ts";
import { readRobots } from "../src/visits/robots.ts";
import { listedPages } from "../src/visits/sitemaps.ts";
import { folder } from "./support/folder.ts";
import { htmlPage, sitemapOf, type WebSite, webSite } from "./support/web-site.ts";

let site: WebSite;
let reach: Reach;
beforeEach(async () => {
  site = await webSite({});
  const client = createClient(callable(["127.0.0.1"]));
  reach = { client, baseUrl: site.base, baseUrls: [site.base], headers: {} };
});
afterEach(async () => {
  reach.client.close();
  await site.close();
});

const now = "2026-03-03T10:00:00.000Z";
const anything = { allows: () => true, pauseMs: 0, sitemaps: [] };
const wholeLook = (path: string) =>
  lookAt(reach, anything, { path, etag: null, last_modified: null }, { siteUrls: [site.base], filter: noFilter, now });
const look = async (path: string) => (await wholeLook(path)).observation;

const html =
  (body: string | Buffer, headers: Record<string, string> = {}): WebSite["pages"][string] =>
  (response) =>
    response.writeHead(200, { "content-type": "text/html", ...headers }).end(body);

const textOf = async (body: string): Promise<string | null> => {
  site.pages["/page"] = body;
  return (await look("/page")).text_digest;
};

describe("a page", () => {
  test("that redirects in a loop, or to another host, is not shown", async () => {
    site.pages["/loop"] = (response) => response.writeHead(302, { location: "/loop" }).end();
    expect(await look("/loop")).toMatchObject({ outcome: "unobserved", reason: "It redirects more than 5 times." });
    expect(site.requested).toHaveLength(6);
    await using other = await webSite({ "/": "other" });
    site.pages["/away"] = (response) => response.writeHead(301, { location: `${other.base}/` }).end();
    expect(await look("/away")).toMatchObject({ outcome: "missing", reason: `It leads to ${other.base}/.` });
    expect(other.requested).toEqual([]);
  });

  test("that redirects ten thousand times, to another address each time, is given up", async () => {
    for (let i = 0; i < 10_000; i++)
      site.pages[`/${i}`] = (response) => response.writeHead(307, { location: `/${i + 1}` }).end();
    expect((await look("/0")).reason).toBe("It redirects more than 5 times.");
    expect(site.requested).toHaveLength(6);
  });

  test("that sets cookies never gets one back", async () => {
    const cookies: unknown[] = [];
    site.pages["/page"] = (response, { headers }) => {
      cookies.push(headers.cookie);
      response.writeHead(200, { "content-type": "text/html", "set-cookie": "visit=1; Path=/" }).end("<p>Hello</p>");
    };
    await look("/page");
    await look("/page");
    expect(cookies).toEqual([undefined, undefined]);
  });

  test("that leads to another page of its server is missing; with a slash at the end, it is the same", async () => {
    Object.assign(site.pages, { "/new": htmlPage("New", "new"), "/a/": htmlPage("A", "a") });
    site.pages["/old"] = (response) => response.writeHead(301, { location: "/new" }).end();
    site.pages["/a"] = (response) => response.writeHead(301, { location: "/a/" }).end();
    expect(await look("/old")).toMatchObject({ outcome: "missing", reason: `It leads to ${site.base}/new.` });
    expect(await look("/a")).toMatchObject({ outcome: "shown", address: `${site.base}/a/` });
  });

  test("that never ends, by its size or its slowness, is given up", async () => {
    site.pages["/endless"] = (response) => {
      const more = () => {
        while (response.write("x".repeat(100_000)));
      };
      response.on("drain", more);
      more();
    };
    expect(await look("/endless")).toMatchObject({ outcome: "unobserved", reason: "The response has more than 5 MB." });
    site.pages["/slow"] = (response) => void response.write("<p>wait");
    const limits = { timeoutMs: 100, maxBytes: 1000 };
    await expect(fetchFrom(reach, `${site.base}/slow`, { limits })).rejects.toThrow(
      "There was no whole response within 0.1 seconds.",
    );
  });

  test("that is a gzip bomb, or damaged, is given up", async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000));
    site.pages["/bomb"] = html(bomb, { "content-encoding": "gzip" });
    expect(await look("/bomb")).toMatchObject({ outcome: "unobserved", reason: "The response has more than 5 MB." });
    site.pages["/damaged"] = html("not gzipped", { "content-encoding": "gzip" });
    expect(await look("/damaged")).toMatchObject({ outcome: "unobserved", reason: "The response cannot be unpacked." });
  });

  test("with no, a wrong or its own charset is read the same", async () => {
    const body = (charset: string) => htmlPage("Café", "<p>Crème brûlée</p>", charset);
    const digest = await textOf(body(""));
    site.pages["/latin"] = html(Buffer.from(body('<meta charset="iso-8859-1">'), "latin1"));
    site.pages["/wrong"] = html(Buffer.from(body(""), "latin1"), { "content-type": "text/html; charset=utf-8" });
    site.pages["/nonsense"] = html(body(""), { "content-type": "text/html; charset=nonsense" });
    site.pages["/utf16"] = html(Buffer.from(`\ufeff${body("")}`, "utf16le"));
    for (const path of ["/latin", "/wrong", "/nonsense", "/utf16"])
      expect(await look(path)).toMatchObject({ title: "Café", text_digest: digest });
  });

  test("of invalid HTML is read as far as it goes", async () => {
    site.pages["/bad"] = "<title>Bad</title><p>a<b><table><tr><td>b</p></i><<<div class='x<p>c";
    expect(await look("/bad")).toMatchObject({ outcome: "shown" });
    site.pages["/deep"] = `<title>Deep</title>${"<div>".repeat(200_000)}deep`;
    expect(await look("/deep")).toMatchObject({ outcome: "shown", title: "Deep" });
  });

  test("with elements in each other without end names no more links than its beginning does", async () => {
    site.pages["/deep"] = html(`<a href="/near">Near</a>${"<div>".repeat(200_000)}<a href="/far">Far</a>`);
    const { links = [] } = await wholeLook("/deep");
    expect([...followedPaths(links, { baseUrl: site.base, kept: [] })]).toEqual(["/near"]);
    expect(addressesOn(links, [site.base]).map(({ address }) => address)).toEqual([`${site.base}/near`]);
  });

  test("that leads to another one, or that scripts fill, names what is there", async () => {
    site.pages["/new"] = html('<base href="/shop/"><a href="sale#top">Sale</a><a rel="nofollow" href="/cart">Cart</a>');
    site.pages["/"] = (response) => response.writeHead(301, { location: "/new" }).end();
    site.pages["/blank"] = html(
      '<script src="/app.js"></script><meta name="robots" content="nofollow"><a href="/a"></a>',
    );
    const named = async (path: string) =>
      (await wholeLook(path)).links?.map(({ address, kind }) => [kind, address.href]);
    expect(await named("/")).toEqual([
      ["link", `${site.base}/shop/sale#top`],
      ["nofollow", `${site.base}/cart`],
    ]);
    expect(await named("/blank")).toEqual([
      ["loaded", `${site.base}/app.js`],
      ["nofollow", `${site.base}/a`],
    ]);
  });

  test("names the candidates of each srcset, whatever is in their addresses or missing between them", async () => {
    const base = "https://cdn.shop.example/";
    const candidates = "a.png 1x,b.png 2x , w_400,h_300/c.png 400w,, d.png,\n e.png,";
    site.pages["/page"] = html(
      `<base href="${base}"><picture><source srcset="${candidates}"><img src="f.png" srcset="data:image/png;base64,AA== 1x, g.png"></picture><a srcset="h.png">`,
    );
    const { links = [] } = await wholeLook("/page");
    expect(new Set(links.map(({ kind }) => kind))).toEqual(new Set(["loaded"]));
    expect(links.map(({ address }) => address.href.replace(base, ""))).toEqual(
      ["a.png", "b.png", "w_400,h_300/c.png", "d.png", "e.png", "f.png"].concat("data:image/png;base64,AA==", "g.png"),
    );
    site.pages["/page"] = html(`<img srcset="${"a,".repeat(500_000)}"><img srcset="${",a ".repeat(500_000)}">`);
    expect((await wholeLook("/page")).links).toHaveLength(101);
  });

  test("that is binary, plain text or a set of frames is shown; an empty one says nothing", async () => {
    site.pages["/pdf"] = html(Buffer.from([0, 255, 3]), { "content-type": "application/pdf" });
    site.pages["/text"] = html("hello", { "content-type": "text/plain" });
    site.pages["/frames"] = "<title>Frames</title><frameset><frame src='/a'></frameset>";
    site.pages["/empty"] = html("");
    site.pages["/blank"] = htmlPage("Blank", "<script>render()</script>");
    expect(await look("/pdf")).toMatchObject({ outcome: "shown", title: null });
    expect(await look("/text")).toMatchObject({ outcome: "shown", title: null });
    expect(await look("/frames")).toMatchObject({ outcome: "shown", title: "Frames" });
    expect(await look("/empty")).toMatchObject({ outcome: "unobserved", reason: "The page is empty." });
    expect(await look("/blank")).toMatchObject({ outcome: "unobserved", reason: "The page is empty." });
  });

  test("has the canonical address that its base leads to", async () => {
    const head = '<base href="/shop/"><link rel="canonical" href="sale"><meta name="robots" content="NOINDEX">';
    site.pages["/page"] = htmlPage("Sale", "sale", head);
    expect(await look("/page")).toMatchObject({
      canonical: `${site.base}/shop/sale`,
      robots: "noindex",
      language: "en",
    });
  });

  test("behind the challenge of a CDN says nothing", async () => {
    site.pages["/page"] = html(htmlPage("Just a moment", "Prove it"), { "cf-mitigated": "challenge" });
    expect(await look("/page")).toMatchObject({ outcome: "unobserved" });
  });
});

test("what differs on each request, or from server to server, does not change a page", async () => {
  const page = (n: number, base: string) =>
    htmlPage(
      "Shop",
      `<!-- built ${n} --><p>Welcome   to the
 shop</p><form action="/send"><input type="hidden" name="csrf" value="${n}"></form>
<p>Updated <time datetime="2026-03-0${n}">${n} minutes ago</time></p><a href="${base}/sale">Sale</a><p>See ${base}/sale</p>`,
      `<script nonce="n${n}" src="/app.${"0123456789abcdef".slice(n, n + 8)}.js?v=${n}">var t = ${n}</script>`,
    );
  await using other = await webSite({ "/page": page(2, "https://demo.example") });
  site.pages["/page"] = page(1, "https://live.example");
  const siteUrls = ["https://live.example", "https://demo.example"];
  const [one, two] = await Promise.all(
    [site, other].map(({ base }) =>
      lookAt(
        { ...reach, baseUrl: base, baseUrls: [base] },
        anything,
        { path: "/page", etag: null, last_modified: null },
        { siteUrls, filter: noFilter, now },
      ),
    ),
  );
  expect(two?.observation.text_digest).toBe(one?.observation.text_digest);
  expect(two?.observation.structure_digest).toBe(one?.observation.structure_digest);
  expect(await textOf(htmlPage("Shop", "<p>Welcome to the other shop</p>"))).not.toBe(one?.observation.text_digest);
});

describe("robots.txt", () => {
  test("of 10 MB is read as far as the standard asks, and a missing one allows everything", async () => {
    site.pages["/robots.txt"] = `User-agent: *\nDisallow: /no\n${"# filler\n".repeat(1_100_000)}`;
    const robots = await readRobots(reach, true);
    expect([robots.allows(`${site.base}/no/page`), robots.allows(`${site.base}/yes`)]).toEqual([false, true]);
    delete site.pages["/robots.txt"];
    expect((await readRobots(reach, true)).allows(`${site.base}/no/page`)).toBe(true);
  });

  test("that the server fails to send excludes everything, unless it is the administrator's own site", async () => {
    for (const status of [500, 503]) {
      site.pages["/robots.txt"] = (response) => response.writeHead(status).end();
      await expect(readRobots(reach, true)).rejects.toThrow(`Its robots.txt cannot be read (status ${status})`);
      expect((await readRobots(reach, false)).allows(`${site.base}/page`)).toBe(true);
    }
    site.pages["/robots.txt"] = (response) => response.writeHead(403).end();
    expect((await readRobots(reach, true)).allows(`${site.base}/page`)).toBe(true);
  });

  test("asks for a pause, which has a limit", async () => {
    site.pages["/robots.txt"] = "User-agent: Sitebook\nCrawl-delay: 3600";
    expect((await readRobots(reach, true)).pauseMs).toBe(10_000);
    expect((await readRobots(reach, false)).pauseMs).toBe(0);
  });
});

describe("a sitemap", () => {
  const list = (sitemaps: string[] = [], maxPages = 1000, siteUrls = [site.base]) =>
    listedPages(reach, sitemaps, siteUrls, maxPages);

  test("index that names itself, and others, ends", async () => {
    const index = (...paths: string[]) =>
      `<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${paths.map((path) => `<sitemap><loc>${site.base}${path}</loc></sitemap>`).join("")}</sitemapindex>`;
    site.pages["/sitemap.xml"] = index("/sitemap.xml", "/two.xml", "/pages.xml");
    site.pages["/two.xml"] = index("/sitemap.xml", "/two.xml");
    site.pages["/pages.xml"] = (response) => response.end(gzipSync(sitemapOf(site.base, ["/a", "/b"])));
    expect(await list()).toEqual({ paths: new Set(["/a", "/b"]), note: undefined });
    expect(site.requested).toHaveLength(3);
  });

  test("that names other hosts, pages with a query, or the hosts of another environment", async () => {
    await using other = await webSite({});
    site.pages["/sitemap.xml"] = sitemapOf("", [
      `${other.base}/theirs`,
      "https://www.shop.example/ours",
      `${site.base}/a?day=1`,
    ]);
    expect(await list([], 1000, [site.base, "https://www.shop.example"])).toEqual({
      paths: new Set(["/ours"]),
      note: undefined,
    });
    expect(await list([`${other.base}/sitemap.xml`])).toMatchObject({ paths: new Set() });
    expect(other.requested).toEqual([]);
  });

  test("with a million entries is read as far as the settings say", async () => {
    site.pages["/sitemap.xml"] = sitemapOf(
      site.base,
      Array.from({ length: 200_000 }, (_, i) => `/p${i}`),
    );
    expect((await list([], 500)).paths.size).toBe(500);
  });

  test("that attacks with entities, is cut off, or is a page, is said to be unreadable", async () => {
    const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>`;
    site.pages["/sitemap.xml"] = bomb;
    // no entity is expanded
    expect((await list()).paths.size).toBe(0);
    for (const body of ["<urlset><url><loc>/a", "<html>no</html>"]) {
      site.pages["/sitemap.xml"] = body;
      const { paths, note } = await list();
      expect([paths.size, note]).toEqual([0, expect.stringContaining("The sitemap /sitemap.xml could not be read")]);
    }
  });
});

describe("a connection", () => {
  test("that is refused, broken, or goes to a private network is said in a sentence", async () => {
    site.pages["/broken"] = (response) => response.destroy();
    expect((await look("/broken")).reason).toContain("There is no response");
    const strict = createClient(callable([]));
    const refused = await strict.get(new URL(site.base), {}, { timeoutMs: 1000, maxBytes: 1 }).catch((error) => error);
    expect(refused).toBeInstanceOf(NoResponse);
    expect(refused.code).toBe("private");
    const named = new URL(site.base.replace("127.0.0.1", "localhost"));
    const resolved = await strict.get(named, {}, { timeoutMs: 1000, maxBytes: 1 }).catch((error) => error);
    expect(resolved.code).toBe("private");
    strict.close();
  });

  test("to a host that resolves to another address half-way is not made", async () => {
    const addresses = ["127.0.0.1", "10.1.2.3"];
    const resolve = vi.spyOn(dns, "lookup");
    resolve.mockImplementation(((_host: string, _options: object, done: (...results: unknown[]) => void) =>
      done(null, [{ address: addresses.shift(), family: 4 }])) as never);
    syncBuiltinESMExports();
    onTestFinished(() => {
      resolve.mockRestore();
      syncBuiltinESMExports();
    });
    const port = new URL(site.base).port;
    const baseUrl = `http://moving.example:${port}`;
    site.pages["/page"] = html("<p>Hello</p>", { connection: "close" });
    const moving = { ...reach, baseUrl, baseUrls: [baseUrl] };
    expect(await fetchFrom(moving, `${baseUrl}/page`)).toMatchObject({ response: { status: 200 } });
    await expect(fetchFrom(moving, `${baseUrl}/page`)).rejects.toThrow("10.1.2.3 is in a private network");
    expect(site.requested).toEqual(["/page"]);
  });

  test("with a certificate of its own is not trusted", async () => {
    await using dir = await folder();
    const [key, cert] = [`${dir.path}/key.pem`, `${dir.path}/cert.pem`];
    const subject = ["-subj", "/CN=127.0.0.1", "-days", "2"];
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, ...subject],
      { stdio: "ignore" },
    );
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) =>
      response.end("no"),
    );
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const baseUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const failed = await fetchFrom({ ...reach, baseUrl, baseUrls: [baseUrl] }, `${baseUrl}/`).catch((error) => error);
    expect(failed.message).toBe("There is no response: its TLS certificate is signed by itself.");
    server.close();
  });
});
