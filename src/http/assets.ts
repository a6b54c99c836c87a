import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Hono } from "hono";

export type AssetUrls = { css: string; js: string; passkeys: string; htmx: string; icon: string };

const contentTypes: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

const assetPath = (name: string) => fileURLToPath(new URL(`../../views/assets/${name}`, import.meta.url));

/** Each asset with its files, which are joined. */
const files: Record<keyof AssetUrls, [string, ...string[]]> = {
  css: [assetPath("sitebook.css")],
  js: [assetPath("sitebook.js")],
  passkeys: [assetPath("passkeys.js")],
  icon: [assetPath("favicon.svg")],
  // in one: htmx begins as soon as it is loaded, and takes no notice of an extension that is loaded after that
  htmx: [
    fileURLToPath(import.meta.resolve("htmx.org/dist/htmx.min.js")),
    fileURLToPath(import.meta.resolve("htmx.org/dist/ext/hx-sse.min.js")),
  ],
};

export interface Assets {
  urls: AssetUrls;
  app: Hono;
}

/** Style, scripts and icon, read at the start. Their URLs have a hash of the content, so browsers may cache them for ever. */
export function loadAssets(): Assets {
  const urls = {} as AssetUrls;
  const byUrl = new Map<string, Asset>();
  for (const [key, parts] of Object.entries(files)) {
    const asset = read(parts);
    urls[key as keyof AssetUrls] = asset.url;
    byUrl.set(asset.url, asset);
  }
  const app = new Hono();
  app.get("/assets/:name", (c) => {
    const asset = byUrl.get(c.req.path);
    if (!asset) return c.notFound();
    const headers = { "cache-control": "public, max-age=31536000, immutable", etag: asset.etag };
    if (c.req.header("if-none-match")?.replace(/^W\//, "") === asset.etag) return c.body(null, 304, headers);
    return c.body(asset.bytes, 200, { ...headers, "content-type": asset.type });
  });
  return { urls, app };
}

type Asset = { url: string; bytes: Uint8Array<ArrayBuffer>; type: string; etag: string };

function read(parts: [string, ...string[]]): Asset {
  const bytes = new TextEncoder().encode(parts.map((path) => readFileSync(path, "utf8")).join("\n"));
  const [file] = parts;
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const extension = extname(file);
  const name = file.slice(file.lastIndexOf("/") + 1, -extension.length);
  return {
    url: `/assets/${name}.${hash}${extension}`,
    bytes,
    type: contentTypes[extension] as string,
    etag: `"${hash}"`,
  };
}
