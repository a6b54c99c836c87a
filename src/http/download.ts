import type { SiteContext } from "./context.ts";

/** Answers a file while it is made. What goes wrong before its first piece is still told on a page; after that the download breaks off. */
export async function download(
  c: SiteContext,
  name: string,
  type: string,
  pieces: AsyncGenerator<string | Uint8Array>,
): Promise<Response> {
  let next = await pieces.next();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (next.done) return controller.close();
      controller.enqueue(typeof next.value === "string" ? encoder.encode(next.value) : next.value);
      next = await pieces.next();
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
  return c.body(body, 200, { "content-type": type, "content-disposition": `attachment; filename="${name}"` });
}
