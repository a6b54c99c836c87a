import { ago, clockTime, currentYear, longTime, shortDay } from "../../src/time/format.ts";
import { type Html, html } from "./html.ts";

/** '19 Nov', on paper '19 Nov 2026': what is printed may be read in another year. */
export const day = (iso: string, zone: string, now: string): Html => {
  const year = currentYear(iso, zone, now);
  return html`${shortDay(iso, zone, now)}${year && html`<i class="year">${year}</i>`}`;
};

/** '19 Nov, 16:20', on paper with its year. */
export const dayAndTime = (iso: string, zone: string, now: string): Html =>
  html`${day(iso, zone, now)}, ${clockTime(iso, zone)}`;

export const time = (iso: string, zone: string, now: string): Html =>
  html`<time datetime="${iso}">${dayAndTime(iso, zone, now)}</time>`;

/** The absolute time, followed by the relative one. */
export const timeWithAgo = (iso: string, zone: string, now: string): Html =>
  html`${time(iso, zone, now)}<span class="ago">, ${ago(iso, now)}</span>`;

export const fullTime = (iso: string, zone: string): Html =>
  html`<time datetime="${iso}">${longTime(iso, zone)}</time>`;
