import type { Json } from "../database/canonical-json.ts";
import type { ChainEntry } from "../record/chain.ts";
import { artifactKey } from "../text.ts";
import type { Evidence } from "./evidence.ts";

type Name = { kind: string; key: string };

/**
 * Which events of the history concern a promotion: its own and those of its release, the gates that it had to pass, what
 * describes its pages and software, what happened to them in its target, and what names the environments.
 */
export function concerns({ about, contents, steps, gates }: Evidence): (entry: ChainEntry) => boolean {
  const seqs = new Set(steps.map(({ event }) => event));
  const gateIds = new Set(gates.map(({ gate_id }) => gate_id));
  const names = new Set(contents.map((line) => artifactKey(line as Name)));
  const ids = new Set(contents.map(({ artifact_id }) => artifact_id));
  const named = (list: Json | undefined) => ((list ?? []) as Name[]).some((line) => names.has(artifactKey(line)));
  const corrects = (list: Json | undefined) =>
    ((list ?? []) as { artifact_id: string }[]).some(({ artifact_id }) => ids.has(artifact_id));
  return ({ seq, action, environment_id, details }) =>
    seqs.has(seq) ||
    action === "environment_added" ||
    action === "environment_changed" ||
    gateIds.has((details.gate as { id?: string } | undefined)?.id) ||
    Object.values((details.learned ?? {}) as Record<string, Json>).some(named) ||
    (environment_id === about.environment_id &&
      (named(details.placements) ||
        named(details.returned) ||
        named(details.repeated) ||
        corrects(details.corrections)));
}

/** What is signed of a pack that has only some events: the end of the whole history, and the hash of each event in the pack. */
export const extractText = (
  origin: string,
  { events, head }: { events: number; head: string },
  hashes: readonly { seq: number; hash: string }[],
): string => `${origin}\n${events} ${head}\n${hashes.map(({ seq, hash }) => `${seq} ${hash}\n`).join("")}`;
