import { whyNotMay } from "../access/permissions.ts";
import type { Access } from "../access/sites.ts";
import { refuse } from "../errors.ts";
import type { SiteContext } from "./context.ts";

const contentTypes = {
  csv: "text/csv; charset=utf-8; header=present",
  jsonl: "application/jsonl; charset=utf-8",
  txt: "text/plain; charset=utf-8",
  zip: "application/zip",
};

export interface Download {
  /** What the file's name says after the site: `["live", "2026-03-03T14:00:00.000Z"]`. */
  name: string[];
  format: keyof typeof contentTypes;
  content: string | AsyncGenerator<string | Uint8Array>;
}

/** The one rule for everything that leaves as a file: exports, evidence packs and checkpoints. */
const whyNotDownload = (access: Access): string | undefined => whyNotMay(access, "view");

/**
 * Sends the file that `create` prepares, as an attachment. A long one is sent while it is written: an error before its
 * first chunk gets an error page, a later one breaks the download off. Throws a Refusal with 403 if this person may not
 * download files of the site.
 */
export async function download(c: SiteContext, create: () => Promise<Download> | Download): Promise<Response> {
  const { access } = c.var;
  refuse(whyNotDownload(access), 403);
  const { name, format, content } = await create();
  // Windows allows no colon in a file name
  const filename = `${[access.site.slug, ...name].join("-").replaceAll(":", "")}.${format}`;
  const headers = {
    "content-type": contentTypes[format],
    "content-disposition": `attachment; filename="${filename}"`,
  };
  return c.body(typeof content === "string" ? content : await streamOf(content), 200, headers);
}

/** Waits for the first chunk, so that an error before it is thrown here. */
async function streamOf(chunks: AsyncGenerator<string | Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  let next = await chunks.next();
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (next.done) return controller.close();
      controller.enqueue(typeof next.value === "string" ? encoder.encode(next.value) : next.value);
      next = await chunks.next();
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}
