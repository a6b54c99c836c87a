const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");

/** The order of year, month and day in what cannot be read otherwise; a time may follow. */
const patterns = [
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:[T ].*)?$/,
  // as in HTTP and in mail
  /^[a-z]{3}, (?<day>\d{1,2}) (?<month>[a-z]{3}) (?<year>\d{4}) \d\d:\d\d.*$/i,
  // dots stand only between a day, a month and a year, in this order
  /^(?<day>\d{1,2})\.(?<month>\d{1,2})\.(?<year>\d{4})(?:,? .*)?$/,
];

/**
 * The label of a page by its last change, as another program writes it: the date as YYYY-MM-DD, or all of the text if
 * it could be read as several dates, such as 3/4/2026.
 */
export function labelOfLastChange(text: string): string {
  const parts = patterns.map((pattern) => pattern.exec(text)?.groups).find(Boolean);
  if (!parts) return text;
  const { year = "", month = "", day = "" } = parts;
  const number = /^\d/.test(month) ? month : String(months.indexOf(month.toLowerCase()) + 1);
  const date = `${year}-${number.padStart(2, "0")}-${day.padStart(2, "0")}`;
  return isDate(date) ? date : text;
}

/** A date that no calendar has, such as February 30, is moved on by `Date`. */
function isDate(date: string): boolean {
  const moment = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(date);
}
