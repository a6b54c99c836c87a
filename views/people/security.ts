import { each, type Html, html } from "../parts/html.ts";
import { empty, head } from "../parts/page.ts";
import { cell, pager, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { type SettingsSite, settingsHead } from "../settings/site.ts";
import { accountAddress } from "./account.ts";

export type SecurityRow = {
  at: string;
  /** Whose account it is about. */
  person: string;
  sentence: string;
  address: string;
  browser: string;
};

type List = {
  rows: SecurityRow[];
  /** The address of the next page. */
  next: string | undefined;
  isContinued: boolean;
  zone: string;
  now: string;
  /** For how many days they are kept. */
  keptDays: number;
};

const kept = ({ keptDays }: List) => `They are kept for ${keptDays} days.`;

/** For the administrators of a site. */
export const siteSecurityPage = (props: List & { site: SettingsSite }): Html =>
  html`${settingsHead(props.site, "/security", "Security events", { under: `Sign-ins of the people of this site, changes of their accounts and roles, and tokens used from new addresses. ${kept(props)}` })}
${list(props, true)}`;

/** For a person: what is about their own account. */
export const ownSecurityPage = (props: List & { from: string | undefined }): Html =>
  html`${head({ title: "Security events", over: [html`<a href="${accountAddress(props.from)}">Account</a>`], under: `Sign-ins and changes of your account. ${kept(props)} If something here was not you, change your password and ask an administrator.` })}
${list(props, false)}`;

function list(props: List, named: boolean): Html {
  const { rows, next, isContinued, zone, now } = props;
  if (!rows.length) return empty(isContinued ? "There are no older ones." : "Nothing has happened yet.");
  const columns = ["Time", ...(named ? ["Account"] : []), "Event", "Address", "Browser"];
  const body = each(rows, ({ at, person, sentence, address, browser }) =>
    row(
      html`${rowHead(time(at, zone, now))}${named && cell("Account", html`<bdi>${person}</bdi>`)}${cell("Event", html`<bdi>${sentence}</bdi>`)}${cell("Address", address || unknown)}${cell("Browser", browser)}`,
    ),
  );
  return html`${table({ caption: "Security events", quiet: true, columns, body })}${pager({ next, nextWord: "Older" })}`;
}

const unknown = html`<span class="none">unknown</span>`;
