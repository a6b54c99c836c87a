import { expect, test } from "vitest";
import { Refusal } from "../src/errors.ts";
import { takeTurns } from "../src/people/turns.ts";

const from = (address: string) => ({ address });

/** Work that ends when it is told to, and what has begun so far. */
function works() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => () => {
    begun.push(name);
    return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
  };
  return { begun, work, end: (name: string) => ends.get(name)?.() };
}

async function refused(work: Promise<unknown>): Promise<Refusal> {
  const error = await work.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(Refusal);
  return error as Refusal;
}

test("each has its turn, in order; who finds no place to wait is refused at once", async () => {
  const turns = takeTurns({ atOnce: 1, waiting: 2, ofEach: 2, rest: 0, more: 0 });
  const { begun, work, end } = works();
  const [first, second, third] = ["1", "2", "3"].map((name) => turns(from(`192.0.2.${name}`), work(name)));
  const { status, message, retryAfter } = await refused(turns(from("192.0.2.4"), work("4")));
  expect([status, message, retryAfter]).toEqual([
    429,
    "Too many are signing in at this moment. Try again in 1 second.",
    1,
  ]);
  expect(begun).toEqual(["1"]);

  end("1");
  expect(await first).toBe("1");
  const fifth = turns(from("192.0.2.5"), work("5")).catch(() => "refused");
  expect(await fifth).toBe("refused");
  for (const [name, done] of [
    ["2", second],
    ["3", third],
  ] as const) {
    await until(() => begun.includes(name));
    end(name);
    expect(await done).toBe(name);
  }
  expect(begun).toEqual(["1", "2", "3"]);
});

test("of one address, and for one e-mail, only so many wait, and others find room", async () => {
  const turns = takeTurns({ atOnce: 1, waiting: 16, ofEach: 2, rest: 0, more: 0 });
  const { begun, work, end } = works();
  const mine = ["1", "2"].map((name) => turns({ address: "192.0.2.1", email: `${name}@example.test` }, work(name)));
  await refused(turns({ address: "192.0.2.1", email: "3@example.test" }, work("3")));
  const hers = ["4", "5"].map((name) => turns({ address: `192.0.2.${name}`, email: "ada@example.test" }, work(name)));
  await refused(turns({ address: "192.0.2.6", email: "ada@example.test" }, work("6")));
  const nobody = ["7", "8", "9"].map((name) => turns({ address: "" }, work(name)));
  // what is typed as an e-mail takes no address's place
  const odd = turns({ address: "", email: "192.0.2.9" }, work("10"));

  for (const name of ["1", "2", "4", "5", "7", "8", "9", "10"]) {
    await until(() => begun.includes(name));
    end(name);
  }
  expect(await Promise.all([...mine, ...hers, ...nobody, odd])).toHaveLength(8);
  const again = turns({ address: "192.0.2.1" }, work("11"));
  await until(() => begun.includes("11"));
  end("11");
  expect(await again).toBe("11");
});

test("what fails gives its place back, and takes its own error away", async () => {
  const turns = takeTurns({ atOnce: 1, waiting: 0, ofEach: 1, rest: 0, more: 0 });
  const failing = () => Promise.reject(new Error("no database"));
  await expect(turns(from("192.0.2.1"), failing)).rejects.toThrow("no database");
  await until(async () => (await turns(from("192.0.2.1"), async () => "in").catch(() => "")) === "in");
});

test("how long to wait follows from how long the last one took", async () => {
  const turns = takeTurns({ atOnce: 1, waiting: 2, ofEach: 1, rest: 100, more: 0 });
  await turns(from(""), async () => {
    for (const end = performance.now() + 400; performance.now() < end; );
  });
  const both = [1, 2].map(() => turns(from(""), async () => "in"));
  // the first one's pause, and two who may take as long, with a pause each
  expect((await refused(turns(from(""), async () => "in"))).retryAfter).toBe(2);
  expect(await Promise.all(both)).toEqual(["in", "in"]);
});

test("the more wait, the longer the pause after each turn", async () => {
  const more = 40;
  const turns = takeTurns({ atOnce: 1, waiting: 16, ofEach: 1, rest: 0, more });
  const began: number[] = [];
  const all = [1, 2, 3, 4].map(() => turns(from(""), async () => began.push(performance.now())));
  await Promise.all(all);
  const pauses = began.slice(1).map((at, i) => at - (began[i] as number));
  // a timer may come a millisecond early
  expect(pauses.map((pause, i) => pause > more * (3 - i) - 2)).toEqual([true, true, true]);
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
