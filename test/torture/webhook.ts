import { mock } from "node:test";
import { Webhook } from "standardwebhooks";
import type { GateRules } from "../../src/access/gates.ts";
import { createSecrets } from "../../src/access/secrets.ts";
import { findSite, type Site } from "../../src/access/sites.ts";
import { systemActor } from "../../src/access/system.ts";
import type { Database } from "../../src/database/connect.ts";
import { typesOf } from "../../src/webhooks/rules.ts";
import { createWebhook } from "../../src/webhooks/webhooks.ts";
import { onTortureDatabase, slug } from "./cast.ts";
import type { Received } from "./killable-receiver.ts";
import type { Record } from "./record.ts";

/** What the servers need to deliver to a receiver on this machine, on PostgreSQL too. */
export const webhookEnv = { SECRET: "of the torture test, which is no secret", WEBHOOK_NETWORKS: "127.0.0.1" };

/** Creates a webhook of the shop for all events, and returns the secret with which it signs. */
export const createTortureWebhook = (databaseUrl: string, receiverUrl: string): Promise<string> =>
  onTortureDatabase(databaseUrl, async (db) => {
    const actor = await systemActor(db, new Date().toISOString());
    const { secret } = await createWebhook(
      db,
      { ...actor, permissions: new Set(["administer"]) },
      (await findSite(db, slug)) as Site,
      { name: "Torture", shape: "standard", url: receiverUrl, types: [] },
      { secrets: createSecrets({ secret: webhookEnv.SECRET, databaseUrl }), isAllowed: () => true },
    );
    return secret as string;
  });

/** The requests that the receiver got, and the secret with which they have to be signed. */
export interface ReceivedWebhooks {
  secret: string;
  received: Received[];
}

export const readDeliveries = async (db: Database) => ({
  webhook: await db.selectFrom("webhooks").select("created_at").executeTakeFirstOrThrow(),
  deliveries: await db.selectFrom("webhook_deliveries").selectAll().execute(),
});
type Deliveries = Awaited<ReturnType<typeof readDeliveries>>;

interface Message {
  id: string;
  accepted: boolean;
  /** The number and the type of the event: what it is about. */
  about: string;
}

/**
 * Checks that the receiver accepted each event until a moment (ISO 8601 UTC), unless its delivery failed or was stopped, that
 * each request is signed, that an event caused it, and that each event has one id.
 */
export function* whyNotDelivered(
  record: Record,
  { webhook, deliveries }: Deliveries,
  { secret, received }: ReceivedWebhooks,
  until: string,
): Generator<string> {
  const signed: Message[] = [];
  for (const request of received) {
    const message = verified(request, secret);
    if (message) signed.push(message);
    else yield `A request ${request.headers["webhook-id"]} arrived at the webhook, and its signature is wrong.`;
  }
  const accepted = new Set(signed.filter((message) => message.accepted).map(({ about }) => about));
  const known = new Map([...signed, ...deliveries.map(messageOf)].map((message) => [message.id, message]));
  const idsOf = Map.groupBy(known.values(), ({ about }) => about);
  const deliveryOf = new Map(deliveries.map((row) => [messageOf(row).about, row]));
  for (const event of record.events.filter(({ recorded_at }) => recorded_at >= webhook.created_at))
    for (const { about, isCertain } of messagesOf(record, event)) {
      const { state = "missing", attempts = 0, answer } = deliveryOf.get(about) ?? {};
      const ids = idsOf.get(about) ?? [];
      idsOf.delete(about);
      if (ids.length > 1) yield `The webhook got ${about} under ${ids.length} ids.`;
      if (event.recorded_at > until) continue;
      if (state === "waiting") yield `The delivery of ${about} is still waiting.`;
      const isOver = accepted.has(about) || state === "failed" || state === "stopped";
      if ((isCertain || ids.length) && !isOver)
        yield `The webhook did not accept ${about}; its delivery is ${state} after ${attempts} attempts: ${answer}`;
    }
  for (const about of idsOf.keys()) yield `The webhook got ${about}, which no event caused.`;
}

/**
 * Whether an approval was the last missing one by the time it was delivered is not certain, nor whether one that ended was
 * missed by then, nor whether a rollback needs approvals; nor whether a removal that
 * follows from something recorded later, in the same millisecond, counts as one of the deployment's.
 */
function messagesOf(record: Record, { seq, action, subject_id, details }: Record["events"][number]) {
  const {
    carried_over,
    forced = "",
    findings = [],
    placements = [],
  } = JSON.parse(details) as {
    carried_over?: object;
    forced?: string;
    findings?: { code: string }[];
    placements?: { version: string | null }[];
  };
  const promotion = record.promotions.find(({ id }) => id === subject_id);
  const gate = record.gates.find(({ id }) => id === promotion?.gate_id);
  const { requirements } = JSON.parse(gate?.rules ?? '{"requirements":[]}') as Pick<GateRules, "requirements">;
  const facts = {
    needsApproval: action === "promotion_asked" && !promotion?.rollback_of_id && requirements.length > 0,
    rollback: Boolean(promotion?.rollback_of_id),
    carriedOver: carried_over !== undefined,
    unfrozen: forced.includes("frozen"),
    removes: placements.some(({ version }) => version === null),
    drift: findings.some(({ code }) => code === "drifted"),
  };
  const certain = typesOf(action, facts);
  const removes = Boolean(record.lines.get(subject_id ?? "")?.some(({ version }) => version === null));
  return typesOf(action, { ...facts, approved: true, needsApproval: true, removes }).map((type) => ({
    about: aboutOf(seq, type),
    isCertain: certain.includes(type),
  }));
}

const aboutOf = (seq: number, type: string): string => `event ${seq} as ${type}`;

const messageOf = ({ id, seq, type }: Deliveries["deliveries"][number]): Message => ({
  id: `msg_${id}`,
  accepted: false,
  about: aboutOf(seq, type),
});

/** Undefined if the signature is wrong. The public library is given the time of the request: the servers' clock is ahead. */
function verified({ headers, body, accepted }: Received, secret: string): Message | undefined {
  mock.timers.enable({ apis: ["Date"], now: Number(headers["webhook-timestamp"]) * 1000 });
  try {
    const { type, data } = new Webhook(secret).verify(body, headers) as { type: string; data: { event: number } };
    return { id: String(headers["webhook-id"]), accepted, about: aboutOf(data.event, type) };
  } catch {
    return undefined;
  } finally {
    mock.timers.reset();
  }
}
