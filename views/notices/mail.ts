import type { Line, Message } from "../../src/notices/message.ts";
import { countOf } from "../../src/text.ts";
import { each, type Html, html } from "../parts/html.ts";

/** Mail programs load no stylesheet: the mail has these few rules itself. */
const style = html`<style>:root{color-scheme:light dark}
body{margin:0;padding:16px;font:16px/1.5 system-ui,-apple-system,Segoe UI,sans-serif;color:#1c1b19;background:#f6f5f2}
main{max-width:560px;margin:0 auto;padding:20px;background:#fff;border:1px solid #dcd9d2;border-radius:8px}
h1{font-size:18px;margin:0 0 8px}p{margin:0 0 12px}ul{margin:0 0 12px;padding-left:20px}
code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:14px;overflow-wrap:anywhere}
.do a{display:inline-block;margin:0 8px 8px 0;padding:10px 18px;border:1px solid #1f5f8b;border-radius:6px;color:#1f5f8b;text-decoration:none;font-weight:600}
.do a.first{background:#1f5f8b;color:#fff}
.foot{font-size:13px;color:#6b6860}.foot a{color:inherit}
@media (prefers-color-scheme:dark){body{color:#eceae5;background:#191816}main{background:#22211e;border-color:#3b3934}.do a{color:#8cc4ea;border-color:#8cc4ea}.do a.first{background:#8cc4ea;color:#10222e}.foot{color:#a5a199}}</style>`;

/** One message, or several as a digest under one heading. `unsubscribe`: the address that ends such mails; undefined if required. */
export const mailPage = (
  title: string,
  messages: MailMessage[],
  { unsubscribe, settings }: Foot,
): Html => html`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${title}</title>${style}</head>
<body><main><h1>${title}</h1>
${each(messages, (message) => section(message, messages.length > 1))}
<p class="foot">${whyOf(messages)} ${settings && html`<a href="${settings}">Change what you are told</a>${unsubscribe && html` or <a href="${unsubscribe}">unsubscribe</a>`}.`}${messages[0]?.site && html` Times are in ${messages[0].site.time_zone}.`}</p>
</main></body></html>
`;

/** A letter belongs to no site. */
export type MailMessage = Omit<Message, "site"> & { site?: Message["site"] };

export interface Foot {
  unsubscribe?: string | undefined;
  /** The address of the page on which notices are chosen; undefined for who has no account. */
  settings?: string | undefined;
}

const section = (
  message: MailMessage,
  isOfSeveral: boolean,
): Html => html`${isOfSeveral && html`<h2>${message.subject}</h2>`}
<p>${message.lead}</p>${each(message.details, (text) => html`<p>${text}</p>`)}
${message.changes.length > 0 && html`<ul>${each(message.changes, line)}${message.more > 0 && html`<li>and ${countOf(message.more, "more", "more")}</li>`}</ul>`}
<p class="do">${each(message.actions, ({ text, url }, i) => html`<a${i === 0 && html` class="first"`} href="${url}">${text}</a> `)}</p>`;

const line = ({ word, key, title, version }: Line): Html =>
  html`<li>${word} <code>${key}</code>${title && html` ${title}`}${version && html` <code>${version}</code>`}</li>`;

const whyOf = (messages: MailMessage[]): string => [...new Set(messages.map(({ why }) => why))].join(" ");

/** The same as plain text. */
export const mailText = (title: string, messages: MailMessage[], { unsubscribe, settings }: Foot): string =>
  [
    title,
    ...messages.flatMap((message) => [
      ...(messages.length > 1 ? [message.subject] : []),
      message.lead,
      ...message.details,
      [
        ...message.changes.map(plainLine),
        ...(message.more ? [`- and ${countOf(message.more, "more", "more")}`] : []),
      ].join("\n"),
      message.actions.map(({ text, url }) => `${text}: ${url}`).join("\n"),
    ]),
    `${whyOf(messages)}${settings ? `\nChange what you are told: ${settings}` : ""}${unsubscribe ? `\nUnsubscribe: ${unsubscribe}` : ""}${messages[0]?.site ? `\nTimes are in ${messages[0].site.time_zone}.` : ""}`,
  ]
    .filter(Boolean)
    .join("\n\n");

const plainLine = ({ word, key, title, version }: Line): string =>
  `- ${word} ${key}${title ? ` (${title})` : ""}${version ? ` ${version}` : ""}`;
