import type { Probe } from "../findings/checks.ts";
import { type ReadVersion, valueAt, versionIn } from "../findings/probe-rules.ts";
import { NoResponse, type Response } from "../network/get.ts";
import { parseHtml } from "../observations/parse-html.ts";
import { fetchFrom, type Reach } from "./fetch-page.ts";

const limits = { timeoutMs: 20_000, maxBytes: 1_000_000 };

/** Reads from a server which versions of software it runs, one after another. */
export async function readVersions(reach: Reach, probes: Probe[]): Promise<ReadVersion[]> {
  const versions: ReadVersion[] = [];
  for (const probe of probes) versions.push({ software: probe.software, ...(await readVersion(reach, probe)) });
  return versions;
}

async function readVersion(reach: Reach, probe: Probe): Promise<Omit<ReadVersion, "software">> {
  try {
    const fetched = await fetchFrom(reach, reach.baseUrl + probe.path, { limits });
    if ("leadsTo" in fetched) return { problem: `${probe.path} leads to ${fetched.leadsTo}.` };
    const { status } = fetched.response;
    if (status !== 200) return { problem: `${probe.path} answers with status ${status}.` };
    const version = versionIn(readValue(fetched.response, probe));
    return version === undefined ? { problem: `${probe.path} does not say one.` } : { version };
  } catch (error) {
    if (!(error instanceof NoResponse)) throw error;
    return { problem: error.message };
  }
}

function readValue({ headers, body }: Response, { how, name }: Probe): unknown {
  if (how === "header") return headers[name.toLowerCase()];
  if (how === "meta") return metaContent(body.toString("utf8"), name);
  try {
    return valueAt(JSON.parse(body.toString("utf8")), name);
  } catch {
    return;
  }
}

function metaContent(html: string, name: string): string | undefined {
  let content: string | undefined;
  parseHtml(html, {
    onopentag: (tag, attributes) => {
      if (tag === "meta" && attributes.name?.toLowerCase() === name.toLowerCase()) content ??= attributes.content;
    },
  });
  return content;
}
