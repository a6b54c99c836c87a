import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await w.record(
    "beta",
    Array.from({ length: 150 }, (_, i) => `/page-${i} v1`),
  );
});
afterEach(() => w.close());

const gzip = { "accept-encoding": "br, gzip" };

const encodingOf = (response: Response) => response.headers.get("content-encoding");

const unzipped = async (response: Response) => String(gunzipSync(Buffer.from(await response.arrayBuffer())));

test("a page is compressed for browsers that take it, and says that it differs for others", async () => {
  const packed = await w.as("vera").get("/sites/shop", gzip);
  const plain = await w.as("vera").get("/sites/shop");
  expect([encodingOf(packed), encodingOf(plain)]).toEqual(["gzip", null]);
  for (const response of [packed, plain]) expect(response.headers.get("vary")).toContain("Accept-Encoding");
  const length = Number(plain.headers.get("content-length"));
  expect(packed.headers.get("content-length")).toBeNull();
  const bytes = Buffer.from(await packed.arrayBuffer());
  expect(length / bytes.length).toBeGreaterThan(5);
  expect(String(gunzipSync(bytes))).toContain("/page-99");
  expect(Buffer.byteLength(await plain.text())).toBe(length);
});

test("lists of the API and exports are compressed, small answers are not", async () => {
  const api = await w.token("viewer");
  const list = await api.get("/sites/shop/artifacts", gzip);
  expect(encodingOf(list)).toBe("gzip");
  expect(JSON.parse(await unzipped(list)).items).toHaveLength(100);
  const small = await api.get("/sites/shop/events/head", gzip);
  expect(encodingOf(small)).toBeNull();
  expect(await small.json()).toMatchObject({ events: expect.any(Number) });

  const csv = await w.as("vera").get("/sites/shop/environments/beta/export.csv", gzip);
  expect(encodingOf(csv)).toBe("gzip");
  expect(await unzipped(csv)).toContain("150 rows");
});

test("a pack that is compressed already is left as it is", async () => {
  const pack = await w.as("vera").get("/sites/shop/environments/beta/evidence.zip", gzip);
  expect([pack.status, encodingOf(pack)]).toEqual([200, null]);
});

test("the answer to HEAD has no body, and assets keep their tag", async () => {
  const head = await w.app.request("http://sitebook.test/sign-in", { method: "HEAD", headers: gzip });
  expect([head.status, await head.text(), encodingOf(head)]).toEqual([200, "", null]);
  const [url = ""] =
    /\/assets\/sitebook\.[0-9a-f]+\.css/.exec(await (await w.as("vera").get("/sites/shop")).text()) ?? [];
  const css = await w.app.request(`http://sitebook.test${url}`, { headers: gzip });
  const etag = css.headers.get("etag") ?? "";
  expect([encodingOf(css), etag]).toEqual(["gzip", expect.stringMatching(/^W\//)]);
  const again = await w.app.request(`http://sitebook.test${url}`, { headers: { ...gzip, "if-none-match": etag } });
  expect(again.status).toBe(304);
});

test("pages with a secret are not compressed, beside whose text its length would tell it", async () => {
  const iris = w.as("iris");
  const token = await iris.post("/sites/shop/settings/tokens", { name: "CI", roles: ["viewer"], until: "" }, gzip);
  const invited = { email: "new@example.test", name: "New", roles: ["viewer"] };
  const invitation = await iris.post("/sites/shop/settings/people", invited, gzip);
  const link = /\/invitation\?link=[\w-]+/.exec(await invitation.clone().text())?.[0] ?? "";
  const form = await w.app.request(`http://sitebook.test${link}`, { headers: gzip });
  for (const [page, status] of [
    [token, 201],
    [invitation, 201],
    [form, 200],
  ] as const) {
    expect([page.status, encodingOf(page)]).toEqual([status, null]);
    expect(page.headers.get("cache-control")).toBe("no-store, no-transform");
  }
});
