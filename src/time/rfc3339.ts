const minute = 60_000;

/** ISO 8601 UTC with milliseconds, or nothing where it is no moment. Wants an offset or Z, as RFC 3339 does. */
export function parseRfc3339(text: string): string | undefined {
  if (!/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/.test(text)) return;
  const date = new Date(text.replace(" ", "T").toUpperCase());
  if (Number.isNaN(date.getTime()) || rolledOver(text)) return;
  return date.toISOString();
}

/** The 30th of February: Date would take it for the 2nd of March. */
function rolledOver(text: string): boolean {
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== text.slice(0, 10);
}

export function whyNotWhen(effectiveAt: string | undefined, now: string): string | undefined {
  if (effectiveAt === undefined) return;
  const at = parseRfc3339(effectiveAt);
  if (!at) return `"${effectiveAt.slice(0, 60)}" is no moment; write one like 2026-03-03T14:00:00Z.`;
  if (Date.parse(at) > Date.parse(now) + minute)
    return "That moment is still to come. A deployment is recorded once it has happened.";
  if (at < "1990-01-01") return "That moment is before there were web sites; check the year.";
}

/** What was told by a moment had happened by then, but for clocks that differ a little: no later than this. */
export function latestEffectiveAt(knownAt: string): string {
  return new Date(Date.parse(knownAt) + minute).toISOString();
}
