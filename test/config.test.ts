import { expect, test } from "vitest";
import { readConfig } from "../src/config.ts";

test("without anything set it serves this machine from a file", () => {
  const defaults = { port: 3000, host: "127.0.0.1", databaseUrl: "file:data/sitebook.db", baseUrl: undefined };
  expect(readConfig({})).toEqual(defaults);
  expect(readConfig({ PORT: "", HOST: "", DATABASE_URL: "", BASE_URL: "" })).toEqual(defaults);
});

test("what is set is taken", () => {
  expect(
    readConfig({
      PORT: "8080",
      HOST: "0.0.0.0",
      DATABASE_URL: "postgres://book:secret@db.example.com/sitebook",
      BASE_URL: "https://sitebook.example.com/",
    }),
  ).toEqual({
    port: 8080,
    host: "0.0.0.0",
    databaseUrl: "postgres://book:secret@db.example.com/sitebook",
    baseUrl: "https://sitebook.example.com",
  });
});

test.each([
  [{ PORT: "eighty" }, 'PORT is "eighty"; set a number from 0 to 65535.'],
  [{ PORT: "65536" }, "set a number from 0 to 65535"],
  [{ PORT: "-1" }, "set a number from 0 to 65535"],
  [{ DATABASE_URL: "mysql://x" }, "set file:PATH for SQLite or postgres://"],
  [{ DATABASE_URL: "file:" }, "set file:PATH"],
  [{ DATABASE_URL: "postgres://" }, "set file:PATH"],
  [{ BASE_URL: "sitebook.example.com" }, 'BASE_URL is "sitebook.example.com"; set the address that people open'],
  [{ BASE_URL: "ftp://sitebook.example.com" }, "set the address that people open"],
  [{ BASE_URL: "https://example.com/sitebook" }, "without a path"],
])("%j is refused with a sentence that says what to set", (env, sentence) => {
  expect(() => readConfig(env)).toThrow(sentence);
});

test("all that is wrong is said at once, and no password with it", () => {
  const wrong = () => readConfig({ PORT: "x", DATABASE_URL: "mysql://root:hunter2@db", BASE_URL: "y" });
  expect(wrong).toThrow(/^PORT .*\nDATABASE_URL .*\nBASE_URL .*$/);
  expect(wrong).not.toThrow("hunter2");
});
