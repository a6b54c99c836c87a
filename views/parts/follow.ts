import { postButton } from "./button.ts";
import { type Html, html } from "./html.ts";

/** Asks to be told when this changes. Following it again changes nothing. */
export const followButton = (
  site: { slug: string },
  { subject, name, environment = "", back }: { subject: string; name: string; environment?: string; back: string },
): Html =>
  postButton(
    `/sites/${site.slug}/notices/follow`,
    {
      text: html`Follow<span class="sr"> ${name}</span>`,
      look: "plain",
      more: { title: "Get a mail when it changes" },
    },
    { subject, name, environment, back },
  );
