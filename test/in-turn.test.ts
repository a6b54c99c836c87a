import { setImmediate } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { InTurn } from "../src/connections/in-turn.ts";

afterEach(() => void vi.restoreAllMocks());

/** A clock that only work moves on, by so many milliseconds. */
function clock() {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  return (ms: number) => {
    now += ms;
  };
}

test("short requests that come together begin together", () => {
  const work = clock();
  const inTurn = new InTurn();
  const begun: number[] = [];
  for (let i = 0; i < 5; i++) inTurn.begin(() => begun.push(i) && work(2));
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});

test("after a long one each begins in a turn of its own, in the order in which they came", async () => {
  const work = clock();
  const inTurn = new InTurn();
  let begun = "";
  const begin = (name: string) =>
    inTurn.begin(() => {
      begun += name;
      work(30);
    });
  for (const name of "abc") begin(name);
  const seen = new Set([begun]);
  while (begun.length < 4) {
    await setImmediate();
    // whoever comes now does not overtake those that wait
    if (begun === "ab" && !seen.has(begun)) begin("d");
    seen.add(begun);
  }
  expect([...seen]).toEqual(["a", "ab", "abc", "abcd"]);
});
