/** An event of a calendar. Moments are ISO 8601 UTC. */
export interface CalendarEvent {
  /** Stays the same as long as it is the same event, whatever changes in it. */
  uid: string;
  /** When it was recorded or changed last, and how often it was changed. */
  stamp: string;
  sequence: number;
  start: string;
  /** null: it is a moment. */
  end: string | null;
  summary: string;
  description: string;
  url: string;
  category: string;
}

/** A calendar as text (RFC 5545). All times are in UTC, so that no client has to know the rules of a time zone. */
export function formatCalendar(name: string, events: CalendarEvent[]): string {
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Sitebook//Sitebook//EN",
    "CALSCALE:GREGORIAN",
    `NAME:${escapeText(name)}`,
    `X-WR-CALNAME:${escapeText(name)}`,
    "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
    "X-PUBLISHED-TTL:PT1H",
    ...(events.length ? events.flatMap(eventLines) : utc),
    "END:VCALENDAR",
  ];
  return lines.map((line) => `${foldLine(line)}\r\n`).join("");
}

const eventLines = (event: CalendarEvent): string[] => [
  "BEGIN:VEVENT",
  `UID:${event.uid}`,
  `DTSTAMP:${utcTime(event.stamp)}`,
  `SEQUENCE:${event.sequence}`,
  `DTSTART:${utcTime(event.start)}`,
  ...(event.end === null ? [] : [`DTEND:${utcTime(event.end)}`]),
  `SUMMARY:${escapeText(event.summary)}`,
  `DESCRIPTION:${escapeText(event.description)}`,
  `URL:${event.url}`,
  `CATEGORIES:${escapeText(event.category)}`,
  // nobody is busy because of it
  "TRANSP:TRANSPARENT",
  "END:VEVENT",
];

/** A calendar needs at least one component. */
const utc = [
  "BEGIN:VTIMEZONE",
  "TZID:Etc/UTC",
  "BEGIN:STANDARD",
  "DTSTART:19700101T000000",
  "TZOFFSETFROM:+0000",
  "TZOFFSETTO:+0000",
  "END:STANDARD",
  "END:VTIMEZONE",
];

/** 20260303T100000Z */
const utcTime = (at: string): string => `${at.slice(0, 19).replace(/[-:]/g, "")}Z`;

/** Text as a value (section 3.3.11), without control characters, which it cannot contain. */
export const escapeText = (text: string): string =>
  text
    .replace(/\r\n?/g, "\n")
    .replace(/[\\;,]/g, "\\$&")
    .replaceAll("\n", "\\n")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "")
    .toWellFormed();

const maxOctets = 75;

/** Breaks a line after at most 75 octets (section 3.1), never within a character. */
export function foldLine(line: string): string {
  let folded = "";
  let octets = 0;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > maxOctets) {
      folded += "\r\n ";
      octets = 1;
    }
    folded += character;
    octets += size;
  }
  return folded;
}
