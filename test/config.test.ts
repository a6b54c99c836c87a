import { expect, test } from "vitest";
import { readConfig } from "../src/config.ts";

test("by default Sitebook listens on this machine and uses an SQLite file", () => {
  const defaults = {
    port: 3000,
    host: "127.0.0.1",
    databaseUrl: "file:data/sitebook.db",
    baseUrl: undefined,
    trustedProxies: [],
    webhookNetworks: [],
    secret: undefined,
    sessions: { idle: 7 * 24 * 3_600_000, total: 30 * 24 * 3_600_000 },
  };
  expect(readConfig({})).toEqual(defaults);
  const empty = { PORT: "", HOST: "", DATABASE_URL: "", BASE_URL: "", TRUSTED_PROXIES: "", SECRET: "" };
  expect(readConfig(empty)).toEqual(defaults);
});

test("all variables are read", () => {
  expect(
    readConfig({
      PORT: "8080",
      HOST: "0.0.0.0",
      DATABASE_URL: "postgres://book:secret@db.example.com/sitebook",
      BASE_URL: "https://sitebook.example.com/",
      TRUSTED_PROXIES: "127.0.0.1, 10.0.0.0/8,2001:db8::/32",
      WEBHOOK_NETWORKS: "10.1.2.3, 192.168.0.0/16",
      SMTP_URL: "smtp://book:hunter2@mail.example.com:587",
      MAIL_FROM: "Sitebook <sitebook@example.com>",
      SECRET: "correct horse battery staple book",
      SESSION_IDLE_MINUTES: "30",
      SESSION_HOURS: "12",
    }),
  ).toEqual({
    port: 8080,
    host: "0.0.0.0",
    databaseUrl: "postgres://book:secret@db.example.com/sitebook",
    baseUrl: "https://sitebook.example.com",
    trustedProxies: ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"],
    webhookNetworks: ["10.1.2.3", "192.168.0.0/16"],
    mail: { url: "smtp://book:hunter2@mail.example.com:587", from: "Sitebook <sitebook@example.com>" },
    secret: "correct horse battery staple book",
    sessions: { idle: 1_800_000, total: 43_200_000 },
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
  [{ TRUSTED_PROXIES: "nginx" }, 'TRUSTED_PROXIES has "nginx"; list the addresses or ranges of your proxies'],
  [{ TRUSTED_PROXIES: "127.0.0.1 10.0.0.1" }, "like 127.0.0.1, 10.0.0.0/8."],
  [{ TRUSTED_PROXIES: "10.0.0.0/33" }, "TRUSTED_PROXIES has"],
  [{ TRUSTED_PROXIES: "::1, ::/129" }, 'has "::/129"'],
  [{ TRUSTED_PROXIES: "10.0.0.0/" }, "TRUSTED_PROXIES has"],
  [{ TRUSTED_PROXIES: "fe80::1%eth0" }, "TRUSTED_PROXIES has"],
  [{ WEBHOOK_NETWORKS: "intranet" }, 'WEBHOOK_NETWORKS has "intranet"; list the addresses or ranges of the receivers'],
  [{ SMTP_URL: "smtp://mail.example.com" }, 'MAIL_FROM is ""; set the sender of mails'],
  [{ MAIL_FROM: "sitebook@example.com" }, "SMTP_URL is not the address of a mail server; set smtp://"],
  [{ SMTP_URL: "mail.example.com:25", MAIL_FROM: "sitebook@example.com" }, "SMTP_URL is not the address"],
  [{ SMTP_URL: "smtp://mail.example.com", MAIL_FROM: "Sitebook" }, 'MAIL_FROM is "Sitebook"'],
  [{ SESSION_IDLE_MINUTES: "1" }, 'SESSION_IDLE_MINUTES is "1"; set a whole number from 5 to'],
  [{ SESSION_HOURS: "forever" }, 'SESSION_HOURS is "forever"; set a whole number from 1 to 8760'],
  [{ SECRET: "hunter2" }, "SECRET has 7 characters; set at least 32 random ones"],
])("%j is refused with a sentence that says what to set", (env, sentence) => {
  expect(() => readConfig(env)).toThrow(sentence);
});

test("all wrong values are named at once, without passwords", () => {
  const wrong = () =>
    readConfig({ PORT: "x", DATABASE_URL: "mysql://root:hunter2@db", BASE_URL: "y", SECRET: "hunter2" });
  expect(wrong).toThrow(/^PORT .*\nDATABASE_URL .*\nBASE_URL .*\nSECRET .*$/);
  expect(wrong).not.toThrow("hunter2");
});
