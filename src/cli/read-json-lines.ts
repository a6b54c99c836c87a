import { z } from "zod";
import { rejectInvalid } from "../api/validation-errors.ts";
import { Refusal } from "../errors.ts";
import type { TextLine } from "../intake/text-lines.ts";
import type { DeploymentReport } from "../record/report.ts";
import { type ReadDeployment, validateDeployment } from "./validate-deployment.ts";

const placement = z.strictObject({
  kind: z.enum(["page", "software"]),
  key: z.string(),
  version: z.string().nullable(),
  digest: z.string().optional(),
  title: z.string().optional(),
  source: z.string().optional(),
  notes: z.string().optional(),
  requires: z.record(z.string(), z.string()).optional(),
});

/** As in the API, but with a time. */
const apiForm = z.strictObject({
  effective_at: z.string(),
  note: z.string().optional(),
  source: z.string().optional(),
  promotion: z.int().optional(),
  complete: z.boolean().optional(),
  placements: z.array(placement),
});

const versionsByKey = z.array(z.tuple([z.string(), z.string().nullable()]));

/** `{"at": …, "pages": [["/path", "version"]], "software": [["name", null]]}` */
const shortForm = z.strictObject({
  at: z.string(),
  note: z.string().optional(),
  source: z.string().optional(),
  pages: versionsByKey.default([]),
  software: versionsByKey.default([]),
});

/** Whether a line is a deployment, or else one page or software item. What cannot be read counts as a deployment. */
export function isDeployment(json: string): boolean {
  try {
    const data = JSON.parse(json);
    return !("key" in data) || "placements" in data;
  } catch {
    return true;
  }
}

/** Reads lines with one deployment each. */
export async function* readJsonLines(lines: AsyncIterable<TextLine>, now: string): AsyncGenerator<ReadDeployment> {
  for await (const { number, text, wrong } of lines) {
    const json = text.trim();
    if (wrong !== undefined) yield { line: number, wrong: [wrong] };
    else if (json) yield validateDeployment(number, now, () => fromJson(json));
  }
}

function fromJson(json: string): DeploymentReport {
  const data = parseJson(json);
  if (!data || typeof data !== "object" || !("at" in data)) return validated(apiForm, data);
  const { at, pages, software, ...more } = validated(shortForm, data);
  const placements = [
    ...pages.map(([key, version]) => ({ kind: "page" as const, key, version })),
    ...software.map(([key, version]) => ({ kind: "software" as const, key, version })),
  ];
  return { effective_at: at, ...more, placements };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new Refusal(400, "This is not JSON. Write one deployment per line.");
  }
}

function validated<T extends z.ZodType>(schema: T, data: unknown): z.output<T> {
  const result = schema.safeParse(data);
  if (!result.success) rejectInvalid({ target: "json", data, success: false, error: result.error });
  return result.data as z.output<T>;
}
