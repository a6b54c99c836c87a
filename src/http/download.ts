import type { SiteContext } from "./context.ts";

/** Sends a file while it is generated. An error before the first chunk gets a page; a later one cuts the download off. */
export async function download(
  c: SiteContext,
  name: string,
  type: string,
  chunks: AsyncGenerator<string | Uint8Array>,
): Promise<Response> {
  let next = await chunks.next();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (next.done) return controller.close();
      controller.enqueue(typeof next.value === "string" ? encoder.encode(next.value) : next.value);
      next = await chunks.next();
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
  return c.body(body, 200, { "content-type": type, "content-disposition": `attachment; filename="${name}"` });
}
