import { z } from "@hono/zod-openapi";
import type { Environment } from "../access/environments.ts";
import type { ApprovedBy } from "../record/approvers.ts";
import type { PromotionMarks } from "../record/promotion-flags.ts";
import type { Flag } from "../schema.ts";
import { controlCharacters } from "../text.ts";
import { isBeforeApproval } from "../time/before-approval.ts";
import { cursor } from "./cursor.ts";

/** Documents the limit of a text. A rule checks it, so that page and API refuse it with the same sentence. */
export const textUpTo = (maxLength: number) => z.string().openapi({ maxLength });

export const slugSchema = z
  .string()
  .openapi({ maxLength: 40, pattern: "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", example: "shop" });

export const environmentSlug = slugSchema.openapi({ example: "live" });

export const kindSchema = z.enum(["page", "software"]);

export const keySchema = textUpTo(2000).openapi({
  description:
    "A page's path, or the name of software. A path is kept percent-encoded only where that says which path it is: `/a%20b`, `/100%25`, `/a%2Fb`.",
  example: "/sale/shoes",
});

/** null: removed, or to be removed. */
export const versionLabel = textUpTo(200).nullable().openapi({ description: "null: removed.", example: "v3" });

export const momentSchema = z.string().openapi({ format: "date-time", example: "2026-03-03T14:00:00.000Z" });

const maxNumber = 2 ** 31 - 1;

const numberError = { error: `This must be a whole number from 1 to ${maxNumber}.` };

/** The number of a deployment, release or promotion. */
export const numberSchema = z.int().min(1, numberError).max(maxNumber, numberError).openapi({ example: 31 });

const digits = /^[1-9]\d{0,8}$/;

/** The same in a path, where anything else is not found. */
export const numberInPath = z
  .string()
  .regex(digits)
  .transform(Number)
  .openapi({ type: "integer", minimum: 1, example: 31 });

/** The id of something that has no number, in a path or a cursor, where anything else is not found. */
export const idSchema = z
  .string()
  .regex(/^[0-9a-f-]{36}$/)
  .openapi({ example: "019ca12b-7c00-7000-8000-0123456789ab" });

export const numberInQuery = z
  .string()
  .regex(digits, { error: "This must be a whole number, 1 or more." })
  .transform(Number)
  .openapi({ type: "integer", minimum: 1, example: 31 });

/** A text to search for. It is sent to the database as it is, where no text has control characters. */
export const searchText = (maxLength = 2000) =>
  z
    .string()
    .max(maxLength, { error: `This can have at most ${maxLength} characters.` })
    .refine((value) => !controlCharacters.test(value), { error: "This cannot contain control characters." });

/** The key of a page or software item that is recorded already. */
export const knownKey = searchText().openapi({ example: "/sale/shoes" });

/** A past moment, read by `parseMoment`. In an address a plus sign that was not encoded arrives as a space. */
export const momentText = z
  .string()
  .transform((value) => value.replace(/(?<=T\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (?=\d\d:\d\d\}?$)/i, "+"))
  .openapi({ type: "string", format: "date-time", example: "2026-03-03T14:00:00Z" });

/** An environment, now or at a moment, read by `findReference`. */
export const referenceSchema = momentText.openapi({
  type: "string",
  format: undefined,
  example: "live@2026-03-03T14:00:00Z",
});

const limit = z
  .string()
  .regex(/^([1-9]\d{0,2}|1000)$/, { error: "The limit must be a whole number from 1 to 1000." })
  .transform(Number)
  .default(100)
  .openapi({ type: "integer", minimum: 1, maximum: 1000, default: 100 });

/** The parameters of every list; `position` is the content of its cursor. */
export function paging<Position extends z.ZodType>(position: Position) {
  return { limit, cursor: cursor(position).optional() };
}

/** The position in a list that is ordered by kind and key. */
export const keyPosition = z.strictObject({ kind: kindSchema, key: searchText() });

export const numberPosition = z.strictObject({ number: numberSchema });

export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().openapi({ description: "The `cursor` of the next page; null: this is the last." }),
  });
}

/** What a schema of the document has of a row, in its order: nothing else is sent. */
export function documented<Schema extends z.ZodObject>(schema: Schema, row: z.output<Schema>): z.output<Schema> {
  const json: Record<string, unknown> = {};
  for (const name of Object.keys(schema.shape)) json[name] = (row as Record<string, unknown>)[name];
  return json as z.output<Schema>;
}

const server = z.object({ name: z.string(), base_url: z.string() });

export const tierSchema = z.enum(["development", "testing", "staging", "production", "other"]);

export const environmentSchema = z
  .object({
    slug: slugSchema,
    name: z.string(),
    position: z.int().openapi({ description: "1 is the first environment; a promotion goes from one to the next." }),
    tier: tierSchema,
    servers: z.array(server),
    pages: z.int().openapi({ description: "How many pages it has now." }),
    software: z.int(),
    frozen: z
      .boolean()
      .openapi({ description: "Whether it takes no promotions at the moment; with `as_of`, at that moment." }),
    retired_at: momentSchema.optional().openapi({
      description: "If it is retired: since then nothing can be recorded for it; its history can be read.",
    }),
  })
  .openapi("Environment");

export const environmentJson = (
  environment: Environment,
  counts: { pages: number; software: number },
  frozen: boolean,
): z.infer<typeof environmentSchema> =>
  documented(environmentSchema, {
    ...counts,
    ...environment,
    servers: environment.servers.map((one) => documented(server, one)),
    frozen,
    retired_at: environment.retired_at ?? undefined,
  });

export const personKindSchema = z
  .enum(["person", "machine"])
  .openapi({ description: "A machine acts by a token.", example: "person" });

/** A person's name on something that they did. */
export const nameThenSchema = z.string().openapi({
  description:
    "What the person or token was called then, with the e-mail address where two people of the site have this name.",
});

export const approvedBySchema = z
  .object({ person: nameThenSchema, kind: personKindSchema, role: z.string(), decided_at: momentSchema })
  .openapi("ApprovedBy");

/** Of a placement: how its promotion relates to rollbacks, and to its gate. */
export const promotionFlags = {
  rollback_of: z.int().nullable().openapi({
    description: "The number of the promotion that its promotion rolled back; null if that was no rollback.",
  }),
  rollback_in_part: z.boolean().openapi({ description: "Whether that put back only some of what it had replaced." }),
  rolled_back_by: z.int().nullable().openapi({ description: "The number of the promotion that rolled this back." }),
  rolled_back_in_part: z.boolean().openapi({ description: "Whether that put back only some of what came with this." }),
  without_gate: z.boolean().openapi({ description: "Its promotion was completed without its gate." }),
};

export const beforeApprovalSchema = z
  .boolean()
  .openapi({ description: "It was there before the last approval that its gate needed." });

/** What a placement on an environment and one in a history say alike. */
export const placedJson = (
  row: PromotionMarks & { effective_at: string; out_of_band: Flag; baseline: Flag },
  approvals: ApprovedBy[],
) => ({
  rollback_in_part: row.rollback_in_part === 1,
  rolled_back_in_part: row.rolled_back_in_part === 1,
  without_gate: row.forced > 0,
  approved_by: approvals.map((approval) => documented(approvedBySchema, approval)),
  out_of_band: row.out_of_band === 1,
  baseline: row.baseline === 1,
  before_approval: isBeforeApproval(row, approvals),
});

export const problemSchema = z
  .object({
    type: z.string().openapi({ example: "about:blank" }),
    title: z.string().openapi({ example: "Unprocessable content" }),
    status: z.int(),
    detail: z
      .string()
      .openapi({ description: "Why the request was refused, in a sentence that can be shown to people." }),
    code: z.string().optional().openapi({ example: "version_content_differs" }),
    errors: z
      .array(z.object({ path: z.string().openapi({ example: "placements.3.key" }), message: z.string() }))
      .optional(),
    blockers: z.array(z.object({ code: z.string(), message: z.string() })).optional(),
  })
  .openapi("Problem", { description: "RFC 9457" });
