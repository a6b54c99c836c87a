import type { ListedNotice } from "../../src/notices/queries.ts";
import type { NoticeKind, NoticeRule } from "../../src/notices/rules.ts";
import { outcome } from "../notices/outcome.ts";
import { button, postButton } from "../parts/button.ts";
import { type Choice, select } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, panel, split } from "../parts/page.ts";
import { cell, pager, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { type SettingsSite, settingsHead } from "./site.ts";

type Props = {
  site: SettingsSite;
  now: string;
  mailIsSetUp: boolean;
  email: string;
  rules: Record<NoticeKind, NoticeRule>;
  names: Record<NoticeKind, string>;
  notices: ListedNotice[];
  /** The id from which older ones follow. */
  older: string | undefined;
  isContinued: boolean;
  errors: Record<string, string>;
};

export const noticeSettingsPage = (props: Props): Html => {
  const base = `/sites/${props.site.slug}/settings/notices`;
  const under = html`What the people of this site are told by mail. Each chooses how often on <a href="/sites/${props.site.slug}/notices">their own page</a>.`;
  return html`${settingsHead(props.site, "/notices", "Notices", { under })}
${split(html`${sent(props, base)}`, html`${mail(props, base)}${rules(props, base)}`)}`;
};

const mail = ({ mailIsSetUp, email }: Props, base: string): Html =>
  panel(
    "mail",
    "Mail",
    mailIsSetUp
      ? html`<p>A mail server is set up.</p>${postButton(`${base}/test`, { text: `Send a test mail to ${email}` })}`
      : html`<p>No mail is sent: set <code>SMTP_URL</code> and <code>MAIL_FROM</code>, and start Sitebook again. Until then people find what needs them in their inbox.</p>`,
  );

const allowed: Choice[] = [
  { value: "required", label: "Everyone gets it" },
  { value: "optional", label: "Each person decides" },
  { value: "off", label: "Nobody gets it" },
];

const rules = ({ rules, names, errors }: Props, base: string): Html =>
  panel(
    "rules",
    "Who gets what",
    html`<form class="form" method="post" action="${base}">${each(Object.keys(names) as NoticeKind[], (kind) =>
      select({ name: kind, label: names[kind], value: rules[kind], choices: allowed, error: errors[kind] }),
    )}<div class="end">${button({ text: "Save" })}</div></form>`,
  );

function sent({ site, notices, names, now, older, isContinued }: Props, base: string): Html {
  if (!notices.length) return empty(isContinued ? "There are no older notices." : "No notice has been written yet.");
  const body = each(notices, (notice) => {
    const about =
      notice.promotion !== null &&
      html` <a href="/sites/${site.slug}/promotions/${notice.promotion}">promotion ${notice.promotion}</a>`;
    const again = postButton(`${base}/${notice.id}/again`, {
      text: html`Send again<span class="sr"> to ${notice.person}</span>`,
      look: "plain",
    });
    return row(
      html`${rowHead(html`<bdi>${notice.person}</bdi>`)}${cell("Notice", html`${names[notice.kind]}${about}`)}${cell("Written", time(notice.created_at, site.time_zone, now))}${cell("State", outcome(notice, site, now))}${cell("Action", again)}`,
    );
  });
  return html`${table({ caption: "Sent", columns: ["To", "Notice", "Written", "State", "Action"], body })}${pager({ previous: isContinued ? base : undefined, previousWord: "Newest", next: older && `${base}?before=${older}`, nextWord: "Older" })}`;
}
