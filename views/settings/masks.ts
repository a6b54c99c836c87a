import type { MaskPreview } from "../../src/observations/mask-preview.ts";
import type { Mask } from "../../src/observations/view.ts";
import { countOf } from "../../src/text.ts";
import { pathWithQuery } from "../parts/address.ts";
import { path } from "../parts/artifact.ts";
import { button, hiddenField, postButton } from "../parts/button.ts";
import { input, select } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, panel, split } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { type SettingsSite, settingsHead } from "./site.ts";

type Props = {
  site: SettingsSite;
  masks: (Mask & { id: string })[];
  form: Mask;
  preview?: MaskPreview;
  /** Sent with the form if its mask was previewed. */
  previewed: string | undefined;
  error?: string | undefined;
};

const kindWords = { selector: "CSS selector", pattern: "Pattern" };

export function masksPage(props: Props): Html {
  const { site, preview } = props;
  return html`${settingsHead(site, "/environments", "Masks", {
    over: [html`<a href="/sites/${site.slug}/settings/environments">Environments</a>`],
    under: "Parts of pages that visits do not compare, on all environments of the site.",
  })}
${split(html`${list(props)}${preview && previewPart(props, preview)}`, panel("new", "New mask", maskForm(props)))}`;
}

function list({ site, masks }: Props): Html {
  if (!masks.length) return empty("No masks yet. What differs between two requests for a page is left out by itself.");
  const body = each(masks, ({ id, kind, expression }) => {
    const remove = postButton(`/sites/${site.slug}/settings/masks/${id}/removal`, {
      text: html`Remove<span class="sr"> ${expression}</span>`,
    });
    return row(html`${rowHead(html`<code>${expression}</code>`)}${cell("Kind", kindWords[kind])}${cell("", remove)}`);
  });
  return table({ caption: "Masks", columns: ["Mask", "Kind", html`<span class="sr">Action</span>`], body });
}

function maskForm({ site, form, preview, previewed, error }: Props): Html {
  return html`<form class="form" method="post" action="/sites/${site.slug}/settings/masks">
${select({
  name: "kind",
  label: "Kind",
  value: form.kind,
  choices: [
    { value: "selector", label: "CSS selector: elements" },
    { value: "pattern", label: "Pattern: parts of lines" },
  ],
})}
${input({ name: "expression", label: "Mask", value: form.expression, error, hint: "For example .stock-counter, or as a pattern \\d+ people are looking at this.", required: true, more: { autocomplete: "off", spellcheck: "false", maxlength: 500 } })}
${previewed !== undefined && hiddenField("previewed", previewed)}
<div class="end">${preview ? button({ text: "Add mask", look: "primary" }) : button({ text: "Preview", look: "primary" })}</div></form>`;
}

function previewPart({ site, form }: Props, { pages, isCut }: MaskPreview): Html {
  const unchanged = pages.filter(({ isUnchanged }) => isUnchanged).length;
  const masked = pages.filter(({ isMasked }) => isMasked).length;
  const sentence = !pages.length
    ? "No page changed on the last visits, so there is nothing to compare."
    : `${isCut ? "Of the first" : "Of the"} ${countOf(pages.length, "page")} that changed on the last visits, ${unchanged} would have been unchanged. The mask leaves something out of ${masked} of them.`;
  const body = each(pages, ({ environment, server, path: key, isUnchanged, isMasked }) =>
    row(
      html`${rowHead(html`<a href="${pathWithQuery(`/sites/${site.slug}/observations/${environment.slug}/page`, { path: key, server })}">${path(key)}</a>`)}${cell("Server", html`<bdi>${environment.name}</bdi> <small><bdi>${server}</bdi></small>`)}${cell("With the mask", isUnchanged ? statusBadge("same", "unchanged") : statusBadge("changed", isMasked ? "changed elsewhere" : "changed"))}`,
    ),
  );
  return html`<h2>Preview of <code>${form.expression}</code></h2><p>${sentence}</p>${pages.length > 0 && table({ caption: "Pages that changed on the last visits", columns: ["Page", "Server", "With the mask"], body })}`;
}
