const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

// Making a formatter costs a hundred times what using it does, and a board shows a thousand times.
const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  formats.set(zone, made);
  return made;
}

interface Wall {
  day: number;
  month: number;
  year: number;
  clock: string;
}

// A deployment gives a thousand lines one time.
const walls = new Map<string, Wall>();

/** What clock and calendar on the wall show there, to the minute. */
function wall(iso: string, zone: string): Wall {
  const key = iso.slice(0, 16) + zone;
  const known = walls.get(key);
  if (known) return known;
  const read = readWall(iso, zone);
  if (walls.size >= 20_000) walls.clear();
  walls.set(key, read);
  return read;
}

/** Only digits are asked of Intl: its British "Sept" would not line up. */
function readWall(iso: string, zone: string): Wall {
  const text = format(zone).format(new Date(iso));
  const [day, month, year] = text.slice(0, text.indexOf(",")).split("/") as [string, string, string];
  return { day: Number(day), month: Number(month), year: Number(year), clock: text.slice(-5) };
}

const weekday = ({ year, month, day }: { year: number; month: number; day: number }) =>
  WEEKDAYS[new Date(Date.UTC(year, month - 1, day)).getUTCDay()] as string;

const monthName = (month: number) => MONTHS[month - 1] as string;

// One page asks for the year of one moment a thousand times.
let asked = { now: "", zone: "", year: 0 };

/** The year in which a moment falls there: `shortTime` leaves it out. */
function yearOf(now: string, zone: string): number {
  if (asked.now !== now || asked.zone !== zone) asked = { now, zone, year: wall(now, zone).year };
  return asked.year;
}

/** '19 Nov, 16:20'; with the year where it is not the present one. */
export function shortTime(iso: string, zone: string, now: string): string {
  const { day, month, year, clock } = wall(iso, zone);
  const other = year === yearOf(now, zone) ? "" : ` ${year}`;
  return `${day} ${monthName(month).slice(0, 3)}${other}, ${clock}`;
}

/** '3 March 2026, 14:00' */
export function longTime(iso: string, zone: string): string {
  const { day, month, year, clock } = wall(iso, zone);
  return `${day} ${monthName(month)} ${year}, ${clock}`;
}

/** 'Friday 20 November 2026' */
export function longDay(iso: string, zone: string): string {
  const on = wall(iso, zone);
  return `${weekday(on)} ${on.day} ${monthName(on.month)} ${on.year}`;
}

const UNITS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

/** '21 hours ago', 'in 3 days', 'just now': whole units, never rounded up. */
export function ago(iso: string, now: string): string {
  const seconds = (Date.parse(now) - Date.parse(iso)) / 1000;
  const [unit, size] = UNITS.find(([, long]) => Math.abs(seconds) >= long) ?? ["minute", 60];
  const count = Math.floor(Math.abs(seconds) / size);
  if (count === 0) return "just now";
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}

/** 'recorded 2 days later', where the two clocks differ by more than a minute. */
export function recordedLater({
  effective_at,
  recorded_at,
}: {
  effective_at: string;
  recorded_at: string;
}): string | undefined {
  if (Date.parse(recorded_at) - Date.parse(effective_at) <= 60_000) return;
  return `recorded ${ago(effective_at, recorded_at).replace(" ago", "")} later`;
}

/** The value of a datetime-local field: '2026-03-03T14:00'. */
export function localInput(iso: string, zone: string): string {
  const { day, month, year, clock } = wall(iso, zone);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${clock}`;
}
