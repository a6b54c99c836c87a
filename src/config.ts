import { minSecretLength } from "./access/secrets.ts";
import { type SessionLifetime, usualLifetime } from "./access/sessions.ts";
import { Misconfigured } from "./errors.ts";
import { readRange } from "./http/client-address.ts";
import type { MailSettings } from "./mail/mailer.ts";

export interface Config {
  port: number;
  host: string;
  databaseUrl: string;
  /** The address that people open, without a slash at the end; undefined for this machine. */
  baseUrl: string | undefined;
  /** Addresses and ranges of the reverse proxies whose X-Forwarded-For is trusted. */
  trustedProxies: string[];
  /** The mail server, and the sender; undefined: no mail is sent. */
  mail: MailSettings | undefined;
  /** Private addresses and ranges that webhooks may call. */
  webhookNetworks: string[];
  /** The key with which stored secrets are encrypted; undefined for a key in a file beside the SQLite database. */
  secret: string | undefined;
  /** How long people stay signed in. */
  sessions: SessionLifetime;
}

/** Reads the environment variables. Throws one Misconfigured whose message has a sentence for each wrong value. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const port = env.PORT || "3000";
  const databaseUrl = env.DATABASE_URL || "file:data/sitebook.db";
  const baseUrl = env.BASE_URL || undefined;
  const trustedProxies = listOf(env.TRUSTED_PROXIES);
  const webhookNetworks = listOf(env.WEBHOOK_NETWORKS);
  const secret = env.SECRET || undefined;
  const idleMinutes = env.SESSION_IDLE_MINUTES || String(usualLifetime.idle / 60_000);
  const hours = env.SESSION_HOURS || String(usualLifetime.total / 3_600_000);
  const wrong = [
    whyNotPort(port),
    whyNotDatabase(databaseUrl),
    baseUrl && whyNotBase(baseUrl),
    whyNotRanges("TRUSTED_PROXIES", "your proxies, like 127.0.0.1, 10.0.0.0/8", trustedProxies),
    whyNotRanges("WEBHOOK_NETWORKS", "the receivers, like 10.1.2.3, 192.168.0.0/16", webhookNetworks),
    ...whyNotMail(env.SMTP_URL, env.MAIL_FROM),
    secret && whyNotSecret(secret),
    whyNotWhole("SESSION_IDLE_MINUTES", idleMinutes, 5, maxSessionHours * 60),
    whyNotWhole("SESSION_HOURS", hours, 1, maxSessionHours),
  ].filter(Boolean);
  if (wrong.length) throw new Misconfigured(wrong.join("\n"));
  return {
    port: Number(port),
    host: env.HOST || "127.0.0.1",
    databaseUrl,
    baseUrl: baseUrl?.replace(/\/$/, ""),
    trustedProxies,
    mail: env.SMTP_URL && env.MAIL_FROM ? { url: env.SMTP_URL, from: env.MAIL_FROM } : undefined,
    webhookNetworks,
    secret,
    sessions: { idle: Number(idleMinutes) * 60_000, total: Number(hours) * 3_600_000 },
  };
}

/** Browsers keep no cookie for longer than 400 days; a year is enough. */
const maxSessionHours = 365 * 24;

function whyNotWhole(variable: string, text: string, atLeast: number, atMost: number): string | undefined {
  if (/^\d{1,6}$/.test(text) && Number(text) >= atLeast && Number(text) <= atMost) return;
  return `${variable} is "${text}"; set a whole number from ${atLeast} to ${atMost}.`;
}

function whyNotPort(port: string): string | undefined {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) return `PORT is "${port}"; set a number from 0 to 65535.`;
}

/** Does not repeat the value, which may contain a password. */
function whyNotDatabase(url: string): string | undefined {
  if (/^file:./.test(url) || (/^postgres(ql)?:\/\/./.test(url) && URL.canParse(url))) return;
  return "DATABASE_URL is not the address of a database; set file:PATH for SQLite or postgres://USER:PASSWORD@HOST/DATABASE.";
}

function whyNotBase(address: string): string | undefined {
  const url = URL.parse(address);
  if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return;
  return `BASE_URL is "${address}"; set the address that people open, like https://sitebook.example.com, without a path.`;
}

const listOf = (text: string | undefined) => (text ?? "").split(",").flatMap((item) => item.trim() || []);

function whyNotRanges(variable: string, examples: string, ranges: string[]): string | undefined {
  const wrong = ranges.find((range) => !readRange(range));
  if (wrong !== undefined) return `${variable} has "${wrong}"; list the addresses or ranges of ${examples}.`;
}

/** Does not repeat the address of the server, which may contain a password. */
function whyNotMail(url: string | undefined, from: string | undefined): (string | false)[] {
  if (!url && !from) return [];
  const server = URL.parse(url ?? "");
  return [
    !(server && /^smtps?:$/.test(server.protocol) && server.hostname) &&
      "SMTP_URL is not the address of a mail server; set smtp://USER:PASSWORD@HOST:PORT, or smtps:// for TLS from the start.",
    !/^([^<>@\r\n]+ <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/.test(from ?? "") &&
      `MAIL_FROM is "${from ?? ""}"; set the sender of mails, like Sitebook <sitebook@example.com>.`,
  ];
}

/** Does not repeat the value. */
function whyNotSecret(secret: string): string | undefined {
  if (secret.length < minSecretLength)
    return `SECRET has ${secret.length} characters; set at least ${minSecretLength} random ones, such as the output of openssl rand -base64 32.`;
}
