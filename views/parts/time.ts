import { ago, longTime, shortTime } from "../../src/time/format.ts";
import type { Html } from "./html.ts";
import { html } from "./html.ts";

export const time = (iso: string, zone: string, now: string): Html =>
  html`<time datetime="${iso}">${shortTime(iso, zone, now)}</time>`;

/** The absolute time, followed by the relative one. */
export const timeWithAgo = (iso: string, zone: string, now: string): Html =>
  html`${time(iso, zone, now)}<span class="ago">, ${ago(iso, now)}</span>`;

export const fullTime = (iso: string, zone: string): Html =>
  html`<time datetime="${iso}">${longTime(iso, zone)}</time>`;
