import { pathWithQuery } from "../../views/parts/address.ts";
import type { SecurityRow } from "../../views/people/security.ts";
import type { SecurityEventRow } from "./security-queries.ts";
import { browserName, securitySentence } from "./security-sentences.ts";

const pageSize = 50;

/** One page of a list of security events, as its view shows it. `before`: from the address; ignored if it is no number. */
export async function securityPage(
  before: string | undefined,
  path: string,
  load: (range: { before?: number | undefined; limit: number }) => Promise<SecurityEventRow[]>,
): Promise<{ rows: SecurityRow[]; next: string | undefined; isContinued: boolean }> {
  const from = /^\d{1,15}$/.test(before ?? "") ? Number(before) : undefined;
  const events = await load({ before: from, limit: pageSize + 1 });
  const shown = events.slice(0, pageSize);
  return {
    rows: shown.map(securityRow),
    next: events.length > pageSize ? pathWithQuery(path, { before: shown.at(-1)?.seq }) : undefined,
    isContinued: from !== undefined,
  };
}

export const securityRow = (event: SecurityEventRow): SecurityRow => ({
  at: event.at,
  person: event.person ?? "",
  sentence: securitySentence(event),
  address: event.address,
  browser: browserName(event.user_agent),
});
