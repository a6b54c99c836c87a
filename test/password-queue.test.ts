import { expect, test } from "vitest";
import { limitHashing } from "../src/access/password-queue.ts";

const from = (address: string) => ({ address });

/** Work that runs until `end` is called, and the names of what has begun. */
function works() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => () => {
    begun.push(name);
    return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
  };
  return { begun, work, end: (name: string) => ends.get(name)?.() };
}

test("passwords are hashed one at a time, in the order of the requests; if the queue is full, requests are refused at once", async () => {
  const limit = limitHashing({ maxConcurrent: 1, maxWaiting: 2 });
  const { begun, work, end } = works();
  const done = ["1", "2", "3"].map((name) => limit(from(`192.0.2.${name}`), work(name)));
  await expect(limit(from("192.0.2.4"), work("4"))).rejects.toMatchObject({
    status: 429,
    message: "Too many people are signing in right now. Try again in a second.",
    retryAfter: 1,
  });
  expect(begun).toEqual(["1"]);

  for (const [i, name] of ["1", "2", "3"].entries()) {
    end(name);
    expect(await done[i]).toBe(name);
  }
  expect(begun).toEqual(["1", "2", "3"]);
});

test("if the work fails, its error is thrown and the next can begin", async () => {
  const limit = limitHashing({ maxConcurrent: 1, maxWaiting: 0 });
  await expect(limit(from(""), () => Promise.reject(new Error("no database")))).rejects.toThrow("no database");
  expect(await limit(from(""), async () => "signed in")).toBe("signed in");
});

test("one address, or one e-mail, fills only a part of the queue, and others can still wait", async () => {
  const limit = limitHashing({ maxConcurrent: 1, maxWaiting: 16, maxPerClient: 2 });
  const { begun, work, end } = works();
  const first = limit(from(""), work("0"));
  const fromOneAddress = ["1", "2"].map((name) =>
    limit({ address: "192.0.2.1", email: `${name}@example.test` }, work(name)),
  );
  await expect(limit({ address: "192.0.2.1", email: "3@example.test" }, work("3"))).rejects.toThrow("Too many people");
  const forOneEmail = ["4", "5"].map((name) =>
    limit({ address: `192.0.2.${name}`, email: "ada@example.test" }, work(name)),
  );
  await expect(limit({ address: "192.0.2.6", email: "ada@example.test" }, work("6"))).rejects.toThrow(
    "Too many people",
  );
  const unknownAddress = ["7", "8", "9"].map((name) => limit(from(""), work(name)));

  const names = ["0", "1", "2", "4", "5", "7", "8", "9"];
  for (const [i, done] of [first, ...fromOneAddress, ...forOneEmail, ...unknownAddress].entries()) {
    end(names[i] as string);
    expect(await done).toBe(names[i]);
  }
  expect(begun).toEqual(names);
});

test("a browser in which the person signed in before can still wait when others have filled the queue", async () => {
  const limit = limitHashing({ maxConcurrent: 1, maxWaiting: 2, maxPerClient: 2 });
  const { begun, work, end } = works();
  const flood = ["1", "2", "3"].map((name) =>
    limit({ address: `192.0.2.${name}`, email: "ada@example.test" }, work(name)),
  );
  const ada = (name: string) =>
    limit({ address: "192.0.2.1", email: "ada@example.test", browser: "known" }, work(name));
  const known = ["4", "5"].map(ada);
  await expect(ada("6")).rejects.toThrow("Too many people");

  for (const [i, done] of [...flood, ...known].entries()) {
    end(`${i + 1}`);
    expect(await done).toBe(`${i + 1}`);
  }
  expect(begun).toEqual(["1", "2", "3", "4", "5"]);
});
