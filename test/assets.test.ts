import { expect, test } from "vitest";
import { loadAssets } from "../src/http/assets.ts";

const { app, urls } = loadAssets();

test.each([
  ["css", "text/css; charset=utf-8", "@layer"],
  ["js", "text/javascript; charset=utf-8", "keydown"],
  ["passkeys", "text/javascript; charset=utf-8", "navigator.credentials"],
  ["htmx", "text/javascript; charset=utf-8", "htmx"],
  ["icon", "image/svg+xml", "<svg"],
] as const)("%s is served under a hash of its content, and may be cached for ever", async (name, type, content) => {
  const response = await app.request(urls[name]);

  expect(urls[name]).toMatch(/^\/assets\/[\w.]+\.[0-9a-f]{16}\.(css|js|svg)$/);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe(type);
  expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(await response.text()).toContain(content);
});

test("htmx and its extension for server-sent events are one file, so that it cannot begin without it", async () => {
  expect(await (await app.request(urls.htmx)).text()).toMatch(/var htmx=.*text\/event-stream/s);
});

test("an asset that the browser has cached is not sent again", async () => {
  const etag = (await app.request(urls.css)).headers.get("etag") ?? "";
  const again = await app.request(urls.css, { headers: { "if-none-match": etag } });

  expect(again.status).toBe(304);
  expect(await again.text()).toBe("");
});

test.each(["/assets/sitebook.css", "/assets/sitebook.0000000000000000.css", "/assets/..%2fsrc%2fapp.ts"])(
  "%s is not found",
  async (path) => {
    expect((await app.request(path)).status).toBe(404);
  },
);
