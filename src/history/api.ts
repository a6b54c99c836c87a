import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall } from "../api/calls.ts";
import { encodeCursor } from "../api/cursor.ts";
import { listOf, momentSchema, paging, slugSchema } from "../api/schemas.ts";
import { notFound } from "../errors.ts";
import type { SiteEnv } from "../http/context.ts";
import { type Checkpoint, chainHead, createCheckpoint, latestCheckpoint, publicKey } from "../integrity/checkpoints.ts";
import { chainEntry, type EventRow, walkChain } from "../record/chain.ts";

const tags = ["History"];

export const eventApi = new OpenAPIHono<SiteEnv>();

const hash = z.string().openapi({ description: "SHA-256, in hexadecimal digits." });

const event = z
  .object({
    entry: z
      .object({
        seq: z.int(),
        recorded_at: momentSchema,
        person_id: z.string(),
        action: z.string().openapi({ example: "promotion_approved" }),
        subject: z.string().openapi({ example: "promotion 31" }),
        subject_id: z.string().nullable(),
        environment_id: z.string().nullable(),
        details: z.looseObject({}).openapi({ description: "Everything that the event changed." }),
      })
      .openapi({ description: "What is hashed, together with the previous hash." }),
    previous_hash: hash,
    hash,
  })
  .openapi("Event");

const count = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})$/, { error: "This is the number of an event, or 0." })
  .transform(Number)
  .openapi({ type: "integer", minimum: 0, example: 1200 });

const listCall = getCall("/sites/{site}/events", {
  tags,
  operationId: "listEvents",
  summary: "The chain of events, oldest first",
  description:
    "Each hash is SHA-256 over the hash before it (in hexadecimal digits; empty for the first) and the entry as canonical JSON (RFC 8785). A page may have fewer events than the limit where they are long.",
  params: z.object({ site: slugSchema }),
  query: z.strictObject({ after: count.optional(), ...paging(z.strictObject({ seq: z.int().min(0) })) }),
  answer: listOf(event),
});

/** An event may have ten thousand lines, so a page also ends once its details are longer than this. */
const maxPageCharacters = 4_000_000;

eventApi.openapi(listCall, async (c) => {
  const { after = 0, cursor, limit } = c.req.valid("query");
  const start = Math.max(after, cursor?.seq ?? 0);
  const { id } = c.var.access.site;
  const items: z.infer<typeof event>[] = [];
  let [last, size] = [start, 0];
  for await (const row of walkChain(c.var.db, id, start)) {
    if (items.length === limit || size > maxPageCharacters)
      return c.json({ items, next: encodeCursor({ seq: last }) }, 200);
    items.push(eventJson(row));
    size += row.details.length;
    last = row.seq;
  }
  return c.json({ items, next: null }, 200);
});

function eventJson(row: EventRow): z.infer<typeof event> {
  return { entry: chainEntry(row), previous_hash: row.previous_hash, hash: row.hash };
}

const headCall = getCall("/sites/{site}/events/head", {
  tags,
  operationId: "getHead",
  summary: "How many events there are, and the hash of the last",
  params: z.object({ site: slugSchema }),
  answer: z.object({ events: z.int(), head: hash }).openapi("Head"),
});

eventApi.openapi(headCall, async (c) => c.json(await chainHead(c.var.db, c.var.access.site.id), 200));

const signedHead = z
  .object({
    events: z.int(),
    head: hash,
    at: momentSchema,
    note: z.string().openapi({ description: "A signed note with a checkpoint in it: c2sp.org/tlog-checkpoint." }),
    key: z.string().openapi({ description: "The verifier key of the note's signature: c2sp.org/signed-note." }),
  })
  .openapi("Checkpoint");

const latestCall = getCall("/sites/{site}/checkpoints/latest", {
  tags,
  operationId: "getLatestCheckpoint",
  summary: "The latest signed checkpoint",
  description: "Keep a copy elsewhere: it reveals a history that was rewritten, even if all hashes fit.",
  params: z.object({ site: slugSchema }),
  answer: signedHead,
});

eventApi.openapi(latestCall, async (c) => {
  const latest = (await latestCheckpoint(c.var.db, c.var.access.site.id)) ?? notFound("checkpoint");
  return c.json(await withKey(c.var.db, latest), 200);
});

const signCall = postCall("/sites/{site}/checkpoints", {
  needs: "administer",
  tags,
  operationId: "makeCheckpoint",
  summary: "Sign the head of the chain",
  description: "For administrators. If nothing has happened since the latest checkpoint, that one is returned.",
  params: z.object({ site: slugSchema }),
  body: z.strictObject({}).openapi("NewCheckpoint"),
  mayBeEmpty: true,
  answer: signedHead,
});

eventApi.openapi(signCall, async (c) => {
  const checkpoint = await createCheckpoint(c.var.db, tokenActor(c, {}), c.var.access.site);
  return c.json(await withKey(c.var.db, checkpoint), 201);
});

async function withKey(db: Parameters<typeof publicKey>[0], { events, head, at, note }: Checkpoint) {
  return { events, head, at, note, key: await publicKey(db) };
}
