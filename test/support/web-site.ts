import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The body of a page, or what answers for it. */
type Answer = string | ((response: ServerResponse, request: IncomingMessage) => void);

/** A web server on this machine with these pages by path, which a test may change. `otherwise` answers for the others. */
export async function webSite(
  pages: Record<string, Answer>,
  { port = 0, otherwise = notFound }: { port?: number; otherwise?: Exclude<Answer, string> } = {},
) {
  const requested: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requested.push(path);
    const answer = pages[path];
    if (typeof answer === "function") return answer(response, request);
    if (answer === undefined) return otherwise(response, request);
    response.writeHead(200, { "content-type": path.endsWith(".xml") ? "text/xml" : "text/html; charset=utf-8" });
    response.end(answer);
  });
  await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
  const close = () =>
    new Promise<void>((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    });
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pages,
    requested,
    close,
    [Symbol.asyncDispose]: close,
  };
}

const notFound = (response: ServerResponse) => void response.writeHead(404).end("Not found");

export type WebSite = Awaited<ReturnType<typeof webSite>>;

/** A page of HTML. */
export const htmlPage = (title: string, body: string, head = ""): string =>
  `<!DOCTYPE html><html lang="en"><head><title>${title}</title>${head}</head><body>${body}</body></html>`;

export const sitemapOf = (base: string, paths: string[]): string =>
  `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${paths.map((path) => `<url><loc>${base}${path}</loc></url>`).join("")}</urlset>`;
