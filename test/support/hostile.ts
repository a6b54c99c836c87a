/** A sequence of numbers from 0 to 1 that is the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const nested = (depth: number): unknown => (depth ? [nested(depth - 1)] : { a: {} });

/** Texts that break what is careless with texts, or mean something where they do not belong. */
export const hostileTexts: string[] = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "a\ud800b",
  "\u202eevil",
  "x".repeat(300),
  "x".repeat(70_000),
  "__proto__",
  "constructor",
  "toString",
  "'); drop table events; --",
  "<script>alert(1)</script>",
  "{{7*7}}%s%n",
  "../../etc/passwd",
  "%00",
  "-1",
  "0",
  "1e999",
  "99999999999999999999",
  "NaN",
  "2026-02-30T00:00:00Z",
  "+275760-09-13T00:00:00Z",
  "9999-12-31T23:59:59Z",
  "9999-12-31",
  "0000-01-01",
  "FREQ=SECONDLY;COUNT=1000000000",
  "FREQ=WEEKLY;BYDAY=FR;UNTIL=99991231",
  "[]",
  "{}",
  "a@b",
  "a\r\nBcc: all@example.test",
];

/** Values of JSON besides those texts. */
export const hostileValues: unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  2 ** 31,
  2 ** 53,
  [],
  {},
  [null],
  [""],
  [{}],
  [[]],
  { length: 1e9 },
  JSON.parse('{"__proto__": {"administer": true}, "constructor": {"prototype": {}}}'),
  nested(200),
  Array.from({ length: 2000 }, () => "x"),
];

/** Bodies that are no JSON, or none of an object, with their content type; undefined: none. */
export const hostileBodies: [body: string | Uint8Array<ArrayBuffer>, type: string | undefined][] = [
  ["", "application/json"],
  ["{", "application/json"],
  ["[".repeat(20_000), "application/json"],
  [`${"[".repeat(5_000)}${"]".repeat(5_000)}`, "application/json"],
  ["null", "application/json"],
  ["\u0000", "application/json"],
  ['{"a":1,"a":2}', "application/json; charset=utf-16"],
  [Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x22, 0xc3, 0x28, 0x22, 0x7d]), "application/json"],
  [Uint8Array.from([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]), "application/json"],
  ["{}", undefined],
  ["{}", "text/plain"],
  ["a=1&b=%ff%fe&%00=%00", "application/x-www-form-urlencoded"],
  ["--x\r\ncontent-disposition: form-data\r\n\r\n", "multipart/form-data; boundary=x"],
  ["{}", "multipart/form-data"],
  ["<a/>", "application/xml"],
];
