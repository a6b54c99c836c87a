import { expect, test } from "vitest";
import { pause } from "../src/database/breath.ts";

const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve));

test("of all who pause one goes on in each turn of the event loop, in the order in which they came", async () => {
  let turn = 0;
  const wentOn: { who: string; turn: number }[] = [];
  const working = ["Ada", "Theo", "Mara"].map(async (who) => {
    await pause();
    wentOn.push({ who, turn });
    await pause();
    wentOn.push({ who, turn });
  });
  for (; wentOn.length < 6; turn++) await turnOfTheLoop();
  await Promise.all(working);
  expect(wentOn.map((one) => one.who)).toEqual(["Ada", "Theo", "Mara", "Ada", "Theo", "Mara"]);
  expect(new Set(wentOn.map((one) => one.turn)).size).toBe(6);
});
