import type { Html } from "./html.ts";
import { attr, html } from "./html.ts";

/** An environment as it is shown: its tier determines shape and hue. */
export type EnvironmentName = { name: string; tier: string; href?: string | undefined; retired?: boolean };

/** An environment's name, always with its shape. */
export const env = (place: EnvironmentName): Html =>
  place.href
    ? html`<a class="env" data-tier="${place.tier}" href="${place.href}"><bdi>${place.name}</bdi></a>`
    : html`<span class="env" data-tier="${place.tier}"><bdi>${place.name}</bdi>${place.retired && html`<small class="ago">retired</small>`}</span>`;

/** From where to where a promotion goes: demo, a line, live. A rollback stays on its environment, which is named once. */
export const environmentPath = (from: EnvironmentName | undefined, to: EnvironmentName): Html =>
  html`<span class="way">${from && from.name !== to.name && html`${env(from)}<span class="line"></span><span class="sr">to</span>`}${env(to)}</span>`;

/** An attribute that gives the content of an element the hue of an environment. */
export const tier = (place: EnvironmentName): Html => attr("data-tier", place.tier);

/** "demo is now called Staging": the environments of a promotion that were renamed since it ended. */
export const renamedSince = (promotion: {
  from: EnvironmentName;
  environment: EnvironmentName;
  from_name: string;
  to_name: string;
}): Html[] =>
  [
    [promotion.from.name, promotion.from_name],
    [promotion.environment.name, promotion.to_name],
  ].flatMap(([then, now]) => (then === now ? [] : [html`<bdi>${then}</bdi> is now called <bdi>${now}</bdi>`]));
