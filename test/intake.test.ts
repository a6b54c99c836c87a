import { writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findAccess, type Site } from "../src/access/sites.ts";
import { createApp } from "../src/app.ts";
import { addServer } from "../src/environments/environments.ts";
import { createExample } from "../src/example/example.ts";
import { placementsExport } from "../src/exports/placements.ts";
import { serialize } from "../src/exports/serialize.ts";
import { endOfTime, placementsAsOf } from "../src/record/as-of.ts";
import { commandLineMachine } from "./support/command-line.ts";
import { engine } from "./support/database.ts";
import { folder } from "./support/folder.ts";
import { words } from "./support/words.ts";
import { browser, environmentOf, lived, type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const form = (fields: Record<string, string>) => ({
  environment: "live",
  when: "",
  note: "",
  source: "",
  lines: "",
  key: crypto.randomUUID(),
  ...fields,
});

/** A browser at a Sitebook that may call these private networks. */
const as = (name: Name, webhookNetworks = ["127.0.0.1"]) =>
  browser(
    createApp(w.db, { baseUrl: "http://sitebook.test", now: () => new Date(w.clock.at), webhookNetworks }),
    w.db,
    w.people[name],
    w.clock,
  );

const preview = async (fields: Record<string, string>) => shown(await as("cleo").post(newPath, form(fields)));
const record = async (fields: Record<string, string>) => shown(await w.as("cleo").submit(path, form(fields)));
const path = "/sites/shop/deployments";
const newPath = `${path}/new`;

async function upload(to: string, file: Uint8Array | string, fields: Record<string, string> = {}) {
  const body = new FormData();
  for (const [name, value] of Object.entries(form(fields))) body.set(name, value);
  body.set("file", new File([typeof file === "string" ? file : new Uint8Array(file)], "file"));
  return shown(await w.as("cleo").upload(to, body));
}

/** A page as a person reads it, with the lines in its form. */
async function shown(response: Response) {
  const html = await response.text();
  const [, lines = ""] = /<textarea[^>]*name="lines"[^>]*>\n([^<]*)<\/textarea>/.exec(html) ?? [];
  return { status: response.status, text: words(html), html, lines: lines.replaceAll("&amp;", "&") };
}

async function current(environment = "live", site: Site = w.site) {
  const rows = await placementsAsOf(w.db, site.id, environmentOf(site, environment).id, { asOf: endOfTime });
  return rows.map(({ kind, key, title, version, digest }) => ({ kind, key, title, version, digest }));
}

const deployments = async () => (await w.db.selectFrom("deployments").select("number").execute()).length;

const page = (i: number) => `/section-${i % 20}/page%20${i}`;
const sitemapOf = (base: string, from: number, to: number) =>
  `<?xml version="1.0"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${Array.from(
    { length: to - from },
    (_, i) => `<url><loc>${base}${page(from + i)}</loc><lastmod>2026-02-0${1 + (i % 9)}</lastmod></url>`,
  ).join("\n")}\n</urlset>`;

/** A web server of live, with these answers by path; counts what is asked for. */
async function webServer(answers: Record<string, (response: ServerResponse, base: string) => void>) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const answer = answers[request.url ?? ""];
    if (answer) answer(response, base);
    else response.writeHead(404).end("not here");
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await addServer(w.db, await w.by("iris"), w.site, environmentOf(w.site, "live"), { name: "local", base_url: base });
  w.site = (await findAccess(w.db, w.people.iris.id, "shop"))?.site as Site;
  return { base, asked, [Symbol.asyncDispose]: async () => void server.close(() => server.closeAllConnections()) };
}

describe("the address of a sitemap", () => {
  test("of 2,000 pages is read, with its parts, for the preview, and recorded from there", async () => {
    await using server = await webServer({
      "/sitemap.xml": (response, base) =>
        response.end(
          `<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>${base}/1.xml</loc></sitemap><sitemap><loc>${base}/moved.xml.gz</loc></sitemap></sitemapindex>`,
        ),
      "/1.xml": (response, base) => response.end(sitemapOf(base, 0, 1000)),
      "/moved.xml.gz": (response) => response.writeHead(302, { location: "/2.xml.gz" }).end(),
      "/2.xml.gz": (response, base) => response.end(gzipSync(sitemapOf(base, 1000, 2000))),
    });
    const seen = await preview({ sitemap: `${server.base}/sitemap.xml` });

    expect(seen.status).toBe(200);
    expect(seen.text).toContain("2,000 recorded for the first time, 0 new, 0 changed, 0 removed, 0 unchanged.");
    expect(seen.text).toContain("2,000 pages have no version here. The label is the date of the last change.");
    expect(server.asked).toEqual(["/sitemap.xml", "/1.xml", "/moved.xml.gz", "/2.xml.gz"]);
    expect(await deployments()).toBe(0);

    const recorded = await record({ lines: seen.lines });
    expect(recorded.text).toContain("Deployment 1 recorded: 2,000 changed.");
    const pages = await current();
    expect(pages).toHaveLength(2000);
    expect(pages.find(({ key }) => key === "/section-3/page%203")).toMatchObject({ version: "2026-02-04" });
    expect(server.asked).toHaveLength(4);
  });

  test("that cannot be read is refused beside its field, with the reason", async () => {
    await using server = await webServer({
      "/page": (response) => response.end("<!doctype html>\n<html lang=en>"),
      "/elsewhere": (response) => response.writeHead(301, { location: "https://elsewhere.example/sitemap.xml" }).end(),
      "/round": (response) => response.writeHead(302, { location: "/round" }).end(),
      "/cut": (response, base) => response.end(sitemapOf(base, 0, 9).slice(0, 300)),
      "/many": (response, base) => response.end(sitemapOf(base, 0, 10_001)),
      "/empty": (response, base) => response.end(sitemapOf(base, 0, 0)),
      "/gone": (response) => response.destroy(),
    });
    const why = async (sitemap: string) => {
      const { status, html } = await preview({ sitemap });
      const [, sentence = ""] = /id="(?:sitemap|lines)-error">([^<]*)</.exec(html) ?? [];
      return `${status} ${sentence.replaceAll("&#39;", "'").replaceAll(server.base, "")}`;
    };

    expect(await why(`${server.base}/nowhere`)).toBe("422 /nowhere answered with status 404. Check the address.");
    expect(await why(`${server.base}/page`)).toBe("422 This is a web page, not a sitemap.");
    expect(await why(`${server.base}/elsewhere`)).toMatch(
      /^422 \/elsewhere redirects to https:\/\/elsewhere\.example, which is not one of this environment's servers/,
    );
    expect(await why(`${server.base}/round`)).toBe("422 /round redirects too often. Check the address.");
    expect(await why(`${server.base}/cut`)).toMatch(/^422 This sitemap is damaged or cut off at line \d/);
    expect(await why(`${server.base}/many`)).toMatch(/^422 This sitemap has more than 10,000 pages/);
    expect(await why(`${server.base}/empty`)).toMatch(/^422 List at least one page/);
    expect(await why(`${server.base}/gone`)).toMatch(/^422 There is no answer from \/gone/);
    const asked = server.asked.length;
    for (const address of [`${server.base.replace("127.0.0.1", "localhost")}/1.xml`, "file:///etc/passwd", "sitemap"])
      expect(await why(address)).toMatch(/^422 .*this environment's servers/);
    expect(server.asked).toHaveLength(asked);
    expect(await deployments()).toBe(0);
  });

  test("is not read where it was not previewed, nor for a person who may not record", async () => {
    await using server = await webServer({ "/sitemap.xml": (response, base) => response.end(sitemapOf(base, 0, 3)) });
    const sitemap = `${server.base}/sitemap.xml`;

    expect((await shown(await w.as("cleo").post(path, form({ sitemap })))).text).toContain(
      "Preview the changes first.",
    );
    expect((await w.as("vera").post(newPath, form({ sitemap }))).status).toBe(403);
    expect((await w.as("oskar").post(newPath, form({ sitemap }))).status).toBe(404);
    expect(server.asked).toEqual([]);
  });

  test("in a private network is not called for a form, unless whoever runs Sitebook allows it", async () => {
    await using server = await webServer({ "/sitemap.xml": (response, base) => response.end(sitemapOf(base, 0, 3)) });
    const sitemap = `${server.base}/sitemap.xml`;
    const { status, text } = await shown(await as("cleo", []).post(newPath, form({ sitemap })));
    expect(status).toBe(422);
    expect(text).toContain("127.0.0.1 is in a private network, which Sitebook does not call.");
    expect(server.asked).toEqual([]);
    expect((await preview({ sitemap })).status).toBe(200);
  });
});

describe("lines that cannot be taken", () => {
  const lines = Array.from({ length: 2000 }, (_, i) => (i === 7 ? "/a?x=1" : i === 1200 ? "no path" : `/page-${i}`));

  test("are listed by number and reason, and the others can be recorded", async () => {
    const seen = await preview({ lines: lines.join("\n") });
    expect(seen.status).toBe(200);
    expect(seen.text).toContain("1,998 recorded for the first time, 0 new");
    expect(seen.text).toContain('8 /a?x=1 A page\'s path cannot contain a query or fragment: "/a?x=1".');
    expect(seen.text).toContain("1201 no path");
    expect(seen.text).toContain("Record the other 1,998");

    expect((await shown(await w.as("cleo").post(path, form({ lines: lines.join("\n") })))).text).toContain(
      "2 lines need fixing. Nothing was recorded.",
    );
    const recorded = await record({ lines: lines.join("\n"), skip: "2" });
    expect(recorded.text).toContain("Deployment 1 recorded: 1,998 changed.");
    expect(recorded.text).toContain("2 lines left out.");
    expect(await current()).toHaveLength(1998);
  });

  test("are not left out if there are others than were shown, nor of a complete list", async () => {
    await w.record("live", ["/a v1"]);
    const more = [...lines, "/b c d e"].join("\n");
    expect((await shown(await w.as("cleo").post(path, form({ lines: more, skip: "2" })))).status).toBe(422);
    const complete = { lines: lines.join("\n"), complete: "1" };
    expect((await preview(complete)).text).toContain("2 lines need fixing. Nothing was recorded.");
    expect((await shown(await w.as("cleo").post(path, form({ ...complete, skip: "2" })))).status).toBe(422);
    expect(await deployments()).toBe(1);
  });
});

test("the last change of a page becomes its label as a date, if it can only be read as one", async () => {
  const rows = [
    ["/http", "Mon, 02 Nov 2026 10:00:00 GMT", "2026-11-02"],
    ["/dots", "24.11.2026 10:00", "2026-11-24"],
    ["/dots-short", "3.4.2026", "2026-04-03"],
    ["/iso", "2026-11-24T23:30:00+01:00", "2026-11-24"],
    ["/slashes", "3/4/2026 10:00", "3/4/2026 10:00"],
    ["/two-digits", "03.04.26", "03.04.26"],
    ["/no-such-day", "31.02.2026", "31.02.2026"],
    ["/no-such-month", "Mon, 02 Foo 2026 10:00:00 GMT", "Mon, 02 Foo 2026 10:00:00 GMT"],
    ["/words", "yesterday", "yesterday"],
  ];
  const table = rows.map(([key, lastmod]) => `${key}\t${lastmod}`);
  await record({ lines: ["URL\tLast modified", ...table].join("\n") });
  const labels = Object.fromEntries((await current()).map(({ key, version }) => [key, version]));
  expect(labels).toEqual(Object.fromEntries(rows.map(([key, , label]) => [key, label])));

  const sitemap = sitemapOf("https://www.shop.example", 0, 1).replace("2026-02-01", "Mon, 02 Nov 2026 10:00:00 GMT");
  expect((await preview({ lines: sitemap })).lines).toContain("\tMon, 02 Nov 2026 10:00:00 GMT");
  await record({ lines: sitemap });
  expect(await current()).toContainEqual(
    expect.objectContaining({ key: "/section-0/page%200", version: "2026-11-02" }),
  );
});

describe("a table of software", () => {
  const software = [
    { kind: "software", key: "checkout", version: "3.4.1" },
    { kind: "software", key: "search", version: "2.0.0" },
  ];

  test.each(["Software,Version", "Package,License,Version", "Component name;Version"])(
    "is known by its headings: %s",
    async (heading) => {
      const delimiter = heading.includes(";") ? ";" : ",";
      const rows = software.map(({ key, version }) =>
        heading.includes("License") ? [key, "MIT", version] : [key, version],
      );
      const lines = [heading, ...rows.map((row) => row.join(delimiter))].join("\n");
      expect((await record({ lines })).text).toContain("Deployment 1 recorded: 2 changed.");
      expect(await current()).toMatchObject(software);
    },
  );

  test("can also list pages, and needs no headings", async () => {
    await record({ lines: "Component,Version\n/sale,v3\ncheckout,3.4.1" });
    await record({ lines: "software,search,2.0.0\npage,/home,v1" });
    expect((await current()).map(({ kind, key, version }) => `${kind} ${key} ${version}`)).toEqual([
      "page /home v1",
      "page /sale v3",
      "software checkout 3.4.1",
      "software search 2.0.0",
    ]);
  });

  test("with paths in another column is a table of pages", async () => {
    await record({ lines: "Component,URL,Version\nhero,/sale,v3" });
    expect(await current()).toMatchObject([{ kind: "page", key: "/sale", version: "v3" }]);
  });
});

describe("a line that is repeated", () => {
  const list = "https://www.shop.example/a\nhttps://www.shop.example/b\nhttp://www.shop.example/a\n/a\n/c";
  const notice = "2 lines are the same as an earlier line, and passed over.";

  test("is passed over on the page, with one notice, and counted once", async () => {
    const seen = await preview({ lines: list });
    expect(seen.text).toContain("3 recorded for the first time, 0 new, 0 changed, 0 removed, 0 unchanged.");
    expect(seen.text).toContain(notice);
    expect(seen.text).toContain("3 pages have no version here.");
    expect((await record({ lines: list })).text).toContain("Deployment 1 recorded: 3 changed.");
  });

  test.each(["record", "import"])("is passed over by %s, in a list and in a sitemap", async (command) => {
    const sitebook = await commandLineMachine(w, "contributor");
    await using dir = await folder();
    const file = `${dir.path}/file`;
    const call = (environment: string) =>
      command === "record" ? ["record", environment, "--file", file] : ["import", environment, file];

    await writeFile(file, list);
    expect(await sitebook(call("live"))).toMatchObject({ code: 0, err: expect.stringContaining(notice) });
    expect((await current()).map(({ key }) => key)).toEqual(["/a", "/b", "/c"]);

    const sitemap = sitemapOf("https://www.shop.example", 0, 3);
    await writeFile(file, sitemap.replace(/<url>.*<\/url>/, "$&\n$&"));
    const { code, err } = await sitebook(call("live"));
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining("1 line is the same as an earlier line") });
    expect(await current()).toHaveLength(6);
  });

  test.each(["record", "import"])("with another version or title is refused by %s", async (command) => {
    const sitebook = await commandLineMachine(w, "contributor");
    await using dir = await folder();
    const file = `${dir.path}/file`;
    for (const other of ["/a,2026-02-02,A,2026-03-01T08:00:00Z", "/a,2026-02-01,B,2026-03-01T08:00:00Z"]) {
      const line = "/a,2026-02-01,A,2026-03-01T08:00:00Z";
      await writeFile(file, ["path,version,title,effective_at", line, line, other].join("\n"));
      const { code, err } = await sitebook(
        command === "record" ? ["record", "live", "--file", file] : ["import", "live", file],
      );
      expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining("1 line needs fixing.") });
      expect(err).toMatch(/Line 4: \/a is (already listed in line 2|listed for this time in line 2 already)\./);
    }
    expect(await deployments()).toBe(0);
  });
});

describe("a file in Windows-1252", () => {
  const file = Buffer.from(
    "URL;Title\n/schuhe;Schuhe\n/m\u00e4dchen;Gr\u00f6\u00dfen f\u00fcr M\u00e4dchen \u0096 neu",
    "latin1",
  );

  test("is converted once a person has checked its letters", async () => {
    const seen = await upload(newPath, file);
    expect(seen.status).toBe(200);
    expect(seen.text).toContain("This file is not in UTF-8, and was read as Windows-1252");
    expect(seen.text).toContain("/mädchen;Größen für Mädchen – neu");

    const refused = await shown(await w.as("cleo").post(path, form({ lines: seen.lines, converted: "1" })));
    expect(refused.status).toBe(422);
    expect(refused.text).toContain("Check the letters in the lines, and tick that they are right.");
    expect((await upload(path, file, { agreed: "1" })).status).toBe(422);
    expect(await deployments()).toBe(0);

    await record({ lines: seen.lines, converted: "1", agreed: "1" });
    expect(await current()).toMatchObject([
      { key: "/mädchen", title: "Größen für Mädchen – neu" },
      { key: "/schuhe", title: "Schuhe" },
    ]);
  });

  test.each(["record", "import"])("is refused by %s with the line, unless its encoding is named", async (command) => {
    const sitebook = await commandLineMachine(w, "contributor");
    await using dir = await folder();
    await writeFile(`${dir.path}/file`, command === "record" ? file : timed(file));
    const call =
      command === "record" ? ["record", "live", "--file", `${dir.path}/file`] : ["import", "live", `${dir.path}/file`];

    const refused = await sitebook(call);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(
      "Line 3: This is not UTF-8. It looks like Windows-1252. Save the file in UTF-8, or add --encoding windows-1252 if it is.",
    );
    expect(await deployments()).toBe(0);
    expect((await sitebook([...call, "--encoding", "latin"])).code).toBe(2);
    expect((await sitebook([...call, "--encoding", "windows-1252"])).code).toBe(0);
    expect((await current())[0]).toMatchObject({ key: "/mädchen", title: "Größen für Mädchen – neu" });
  });

  const timed = (bytes: Buffer) =>
    Buffer.from(
      bytes
        .toString("latin1")
        .split("\n")
        .map((line, i) => (i ? `${line};v1;2026-02-01T08:00:00Z` : `${line};version;effective_at`))
        .join("\n"),
      "latin1",
    );

  test("from standard input is refused in the same way", async () => {
    const sitebook = await commandLineMachine(w, "contributor");
    expect((await sitebook(["record", "live"], { stdin: file })).err).toContain("Line 3: This is not UTF-8.");
    expect((await sitebook(["record", "live", "--encoding", "windows-1252"], { stdin: file })).code).toBe(0);
  });
});

describe("on the command line", () => {
  test("a gzipped sitemap is recorded, and what was left out is printed beside the result", async () => {
    const sitebook = await commandLineMachine(w, "contributor");
    await using dir = await folder();
    const sitemap = sitemapOf("https://www.shop.example", 0, 2000).replace(
      "www.shop.example/section-0",
      "cdn.example/x",
    );
    await writeFile(`${dir.path}/sitemap.xml.gz`, gzipSync(sitemap));

    const { code, out, err } = await sitebook(["record", "live", "--file", `${dir.path}/sitemap.xml.gz`]);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining("Deployment 1 on live: 1999 changed.") });
    expect(err).toContain("1 address is not on this environment’s servers, and left out: cdn.example (1).");
    expect(await current()).toHaveLength(1999);
    const again = await sitebook(["import", "live", `${dir.path}/sitemap.xml.gz`]);
    expect(again.out).toBe("1 deployment on live, with 0 changes; 1,999 unchanged.\n");
  });

  test("the address of a sitemap is read if it is on the environment's servers", async () => {
    await using server = await webServer({ "/sitemap.xml": (response, base) => response.end(sitemapOf(base, 0, 3)) });
    const sitebook = await commandLineMachine(w, "contributor");
    expect((await sitebook(["record", "beta", "--file", `${server.base}/sitemap.xml`])).err).toContain(
      "is not on one of this environment's servers",
    );
    expect(server.asked).toEqual([]);
    expect((await sitebook(["record", "live", "--file", `${server.base}/sitemap.xml`])).code).toBe(0);
    expect(await current()).toHaveLength(3);
  });

  test("import takes such an address too, and fetches it once", async () => {
    await using server = await webServer({ "/sitemap.xml": (response, base) => response.end(sitemapOf(base, 0, 3)) });
    const sitebook = await commandLineMachine(w, "contributor");
    const address = `${server.base}/sitemap.xml`;
    const elsewhere = await sitebook(["import", "beta", address]);
    expect(elsewhere).toMatchObject({
      code: 1,
      err: expect.stringContaining("is not on one of this environment's servers"),
    });
    expect(server.asked).toEqual([]);
    const done = await sitebook(["import", "live", address, "--baseline"]);
    expect(done).toMatchObject({ code: 0, out: "1 deployment on live, with 3 changes.\n" });
    expect(server.asked).toEqual(["/sitemap.xml"]);
    expect(await current()).toHaveLength(3);
  });

  test("import records a baseline of more than 10,000 lines in parts, and other lists not at all", async () => {
    const sitebook = await commandLineMachine(w, "contributor");
    await using dir = await folder();
    const file = `${dir.path}/file`;
    const list = Array.from({ length: 10_001 }, (_, i) => `/page-${i}`);
    await writeFile(file, list.join("\n"));

    const refused = await sitebook(["import", "live", file]);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/^This list has more than 10,000 lines, the most that a deployment can have\./);
    const timed = list.map((path) => `${path},v1,2026-02-01T08:00:00Z`);
    await writeFile(file, ["path,version,effective_at", ...timed].join("\n"));
    expect((await sitebook(["import", "live", file])).err).toContain(
      "Line 2: From here on, more than 10,000 lines, the most that a deployment can have, have the same time.",
    );
    await writeFile(file, [...list, "/page-0 v2"].join("\n"));
    expect((await sitebook(["import", "live", file, "--baseline"])).err).toContain("Line 10002: /page-0 is listed");
    expect(await deployments()).toBe(0);

    await writeFile(file, [...list, "/page-0"].join("\n"));
    const call = ["import", "live", file, "--baseline"];
    const done = await sitebook(call);
    expect(done).toMatchObject({ code: 0, out: "2 deployments on live, with 10,001 changes.\n" });
    expect(done.err).toContain("1 line is the same as an earlier line");
    expect(await current()).toHaveLength(10_001);
    expect((await sitebook(call)).out).toBe(done.out);
    expect(await deployments()).toBe(2);
    const kinds = await w.db.selectFrom("deployments").select("baseline").execute();
    expect(kinds).toEqual([{ baseline: 1 }, { baseline: 1 }]);
  });

  const readAtAddress = async () => {
    await using server = await webServer({
      "/sitemap.xml": (response, base) => response.end(sitemapOf(base, 0, 10_001)),
    });
    const sitebook = await commandLineMachine(w, "contributor");
    const call = ["import", "live", `${server.base}/sitemap.xml`];
    expect((await sitebook(call)).err).toContain("This sitemap has more than 10,000 pages");
    expect((await sitebook([...call, "--baseline"])).out).toBe("2 deployments on live, with 10,001 changes.\n");
    expect(await current()).toHaveLength(10_001);
  };
  // reading is the same for both engines, and the test above shows that each records what was read
  if (engine === "sqlite")
    test("so is a baseline of a sitemap with more than 10,000 pages at an address", readAtAddress);

  test("one line that cannot be taken is named, and nothing is recorded", async () => {
    const sitebook = await commandLineMachine(w, "contributor");
    const { code, err } = await sitebook(["record", "live"], { stdin: "URL\n/a\n/b?x\n/c\n" });
    expect(code).toBe(1);
    expect(err).toBe(
      '1 line needs fixing. Nothing was recorded. Line 3: A page\'s path cannot contain a query or fragment: "/b?x".\n',
    );
    expect(await deployments()).toBe(0);
  });

  test("a table without times is not imported as if all of it were new", async () => {
    const sitebook = await commandLineMachine(w, "contributor");
    await using dir = await folder();
    await writeFile(`${dir.path}/crawl.csv`, "Address,Last modified\nhttps://www.shop.example/a,2026-02-01\n");
    const { code, err } = await sitebook(["import", "live", `${dir.path}/crawl.csv`]);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining("use sitebook record") });
  });
});

describe("an export of the example's demo", () => {
  const withExample = lived(async (w) => {
    await createExample(w.db, await w.by("iris"));
  });
  const exported = async (format: "csv" | "jsonl") => {
    await w.close();
    w = await withExample();
    const site = (await findAccess(w.db, w.people.iris.id, "example"))?.site as Site;
    const moment = { asOf: endOfTime, knownAt: w.clock.at };
    const content = placementsExport(w.db, site, environmentOf(site, "demo"), moment, {}, format);
    const text = (await Array.fromAsync(serialize(format, content))).join("");
    return { text, placements: await current("demo", site) };
  };

  test.each(["csv", "jsonl"] as const)("as %s is recorded into another site, on the page", async (format) => {
    const { text, placements } = await exported(format);
    const seen = await upload(newPath, text);
    expect(seen.status).toBe(200);
    expect(seen.html).toContain(`data-changes="${placements.length}"`);
    expect(seen.text).not.toContain("Not recorded");
    await upload(path, text);
    expect(await current()).toEqual(placements);
  });

  test.each(["csv", "jsonl"] as const)("as %s is recorded and imported by the command line", async (format) => {
    const { text, placements } = await exported(format);
    const sitebook = await commandLineMachine(w, "contributor");
    await using dir = await folder();
    await writeFile(`${dir.path}/demo`, text);
    expect(await sitebook(["record", "live", "--file", `${dir.path}/demo`])).toMatchObject({ code: 0, err: "" });
    expect(await current("live")).toEqual(placements);
    expect(await sitebook(["import", "beta", `${dir.path}/demo`])).toMatchObject({ code: 0, err: "" });
    expect(await current("beta")).toEqual(placements);
  });

  test.each(["csv", "jsonl"] as const)("as %s keeps texts that look like formulas or removals", async (format) => {
    const lines = ["=1+1", "'=1+1", "-", "removed", "+49", 'v 1, "x"'];
    await w.record("beta", ["/start v1"]);
    const api = await w.token("contributor");
    const placements = lines.map((text, i) => ({ kind: "page", key: `/p${i}`, version: text, title: text }));
    expect((await api.post("/sites/shop/environments/beta/deployments", { placements })).status).toBe(201);
    const response = await w.as("cleo").get(`/sites/shop/environments/beta/export.${format}`);
    await upload(path, await response.text());
    expect(await current("live")).toEqual(await current("beta"));
  });

  test("that was cut off or shortened is pointed out", async () => {
    await w.record("beta", ["/a v1", "/b v1"]);
    const text = await (await w.as("cleo").get("/sites/shop/environments/beta/export.csv")).text();
    const shorter = text.split("\r\n").toSpliced(1, 1).join("\r\n");
    expect((await upload(newPath, shorter)).text).toContain(
      "The last line of this export counts 2 rows, but there is 1.",
    );
  });
});
