import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createSecrets } from "../src/access/secrets.ts";
import { folder } from "./support/folder.ts";

const secret = "correct horse battery staple book";
const postgres = "postgres://localhost/sitebook";

test("a secret is sealed with SECRET and opened by every server that has it, for its own row only", () => {
  const [first, second] = [1, 2].map(() => createSecrets({ secret, databaseUrl: postgres }));
  const sealed = first?.seal("client secret", "provider 1") ?? "";

  expect(sealed).not.toContain("client");
  expect(first?.seal("client secret", "provider 1")).not.toBe(sealed);
  expect(second?.unseal(sealed, "provider 1")).toBe("client secret");
  expect(second?.unseal(sealed, "provider 2")).toBeUndefined();
  const other = createSecrets({ secret: secret.toUpperCase(), databaseUrl: postgres });
  expect(other.unseal(sealed, "provider 1")).toBeUndefined();
});

test("what was changed in the database, or never sealed, is not opened", () => {
  const secrets = createSecrets({ secret, databaseUrl: postgres });
  const bytes = Buffer.from(secrets.seal("client secret", "provider 1"), "base64");
  for (const i of [0, 14, bytes.length - 1]) {
    const changed = Buffer.from(bytes);
    changed[i] = (changed[i] ?? 0) ^ 1;
    expect(secrets.unseal(changed.toString("base64"), "provider 1")).toBeUndefined();
  }
  for (const text of ["", "client secret", "AAAA"]) expect(secrets.unseal(text, "provider 1")).toBeUndefined();
});

test("without SECRET the key is in a file that only its owner may read, created when it is first needed", async () => {
  await using dir = await folder();
  const databaseUrl = `file:${join(dir.path, "book.db")}`;
  const file = join(dir.path, "book.key");
  const [first, second, third] = [1, 2, 3].map(() => createSecrets({ databaseUrl }));

  expect(first?.whyNotSeal()).toBeUndefined();
  expect(third?.unseal("AAAA", "provider 1")).toBeUndefined();
  expect(existsSync(file)).toBe(false);
  const sealed = first?.seal("client secret", "provider 1") ?? "";
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(second?.unseal(sealed, "provider 1")).toBe("client secret");
  expect(third?.unseal(second?.seal("another", "provider 2") ?? "", "provider 2")).toBe("another");
  expect(readdirSync(dir.path)).toEqual(["book.key"]);
  expect(readFileSync(file, "utf8").trim()).toHaveLength(43);
});

test("an emptied key file is not taken for a key", async () => {
  await using dir = await folder();
  const file = join(dir.path, "book.key");
  writeFileSync(file, "");
  const secrets = createSecrets({ databaseUrl: `file:${join(dir.path, "book.db")}` });

  expect(() => secrets.seal("client secret", "provider 1")).toThrow(
    `${file} has no key for secrets. Restore it from your backup, or set SECRET.`,
  );
  expect(readFileSync(file, "utf8")).toBe("");
});

test("a key that cannot be written is refused with a sentence", () => {
  const secrets = createSecrets({ databaseUrl: "file:/no/such/folder/book.db" });
  expect(() => secrets.seal("client secret", "provider 1")).toThrow(
    /^The key for secrets cannot be written to \/no\/such\/folder\/book\.key: .* Set SECRET instead\.$/,
  );
});

test("on PostgreSQL nothing is sealed until SECRET is set", () => {
  const secrets = createSecrets({ databaseUrl: postgres });
  expect(secrets.whyNotSeal()).toMatch(/set SECRET to at least 32 random characters, and restart Sitebook\.$/);
  expect(() => secrets.seal("client secret", "provider 1")).toThrow("set SECRET");
  expect(secrets.unseal("AAAA", "provider 1")).toBeUndefined();
});

test("a database in memory keeps its key in memory", () => {
  const secrets = createSecrets({ databaseUrl: "file::memory:" });
  expect(secrets.unseal(secrets.seal("client secret", "provider 1"), "provider 1")).toBe("client secret");
});
