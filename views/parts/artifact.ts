import type { Html } from "./html.ts";
import { attr, html } from "./html.ts";

export type ArtifactName = { kind: string; key: string; title?: string | null | undefined };

export const artifactPath = (site: string, { kind, key }: ArtifactName): string =>
  `/sites/${encodeURIComponent(site)}/artifacts/${encodeURIComponent(kind)}?key=${encodeURIComponent(key)}`;

/** A page's path or a software item's name as a link to its history, with its title. */
export const artifactLink = (site: string, artifact: ArtifactName): Html =>
  html`<a href="${artifactPath(site, artifact)}"><bdi>${artifact.key}</bdi></a>${artifact.title && html` <bdi class="title">${artifact.title}</bdi>`}`;

/** A version’s label, or `without` if there is none. A long label is shortened on the board, and wraps elsewhere: those have a title. */
export const versionTag = (label: string | null | undefined, without = "removed"): Html =>
  label
    ? html`<bdi class="version"${attr("title", label.length > 12 && label)}>${label}</bdi>`
    : html`<span class="none">${without}</span>`;

export const path = (key: string): Html => html`<bdi class="path">${key}</bdi>`;

/** The first twelve characters of a digest, in groups of four, so that people can compare them. */
export const digest = (whole: string): Html =>
  html`<code title="${whole}">${whole.slice(0, 12).replace(/(.{4})(?=.)/g, "$1 ")}</code>`;

/** The address of a page on a server. */
export const serverAddress = (baseUrl: string, key: string): string =>
  // a percent sign in a key begins an escape already
  baseUrl + encodeURI(key).replaceAll("%25", "%");
