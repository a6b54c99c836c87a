import type { Actor } from "../access/actor.ts";
import type { Environment } from "../access/environments.ts";
import type { Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { appendEvent } from "../record/events.ts";
import { isAboutRecord } from "../record/finding-kinds.ts";
import type { FindingChanges, FindingName } from "./reconcile.ts";

/** Who opens and settles findings: the person who started a visit or records what is there, or Sitebook itself. */
export interface Finder {
  person: { id: string };
  at: string;
}

interface Circumstances {
  environment: Environment;
  server_id: string;
  /** The id of the visit, of the deployment that records what was found, or of the mask that leaves it out. */
  about: string;
  how: "visit" | "record" | "noise";
}

/** Appends what was found that matters to the record, and what of it is settled, as at most two events. */
export async function appendFindings(
  trx: Database,
  actor: Finder,
  siteId: string,
  { opened, settled }: FindingChanges,
  { environment, server_id, about, how }: Circumstances,
): Promise<void> {
  const server = environment.servers.find(({ id }) => id === server_id)?.name ?? "";
  for (const [action, all] of [
    ["findings_settled", settled],
    ["findings_opened", opened],
  ] as const) {
    const findings = all.filter(({ code }) => isAboutRecord(code));
    if (!findings.length) continue;
    await appendEvent(trx, actor, siteId, {
      action,
      subject: `environment ${environment.slug}`,
      subject_id: about,
      environment_id: environment.id,
      details: { environment: environment.slug, server, how, count: findings.length, findings: listed(findings) },
    });
  }
}

/** Of a long list the beginning: the history would not show an event with more. */
const maxCharacters = 12_000;

function listed(findings: FindingName[]): { code: string; path: string; sentence: string }[] {
  let left = maxCharacters;
  const short = findings.map(({ code, path, sentence }) => ({ code, path, sentence }));
  return short.filter((finding) => {
    left -= JSON.stringify(finding).length;
    return left > 0;
  });
}

/** Appends what is changed about visits to an environment. */
export const appendVisitsChanged = (
  trx: Database,
  actor: Actor,
  siteId: string,
  { id, slug }: Environment,
  details: Record<string, Json | undefined>,
) =>
  appendEvent(trx, actor, siteId, {
    action: "visits_changed",
    subject: `environment ${slug}`,
    subject_id: id,
    environment_id: id,
    details: { environment: slug, ...details },
  });
