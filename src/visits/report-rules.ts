import { type FieldError, fieldErrors } from "../errors.ts";
import { lengthLimits, normalKey, whyNotKey } from "../record/keys.ts";
import { formatCount, whyNotText } from "../text.ts";

/** What another observer saw of a page. */
export interface ReportedPage {
  path: string;
  /** The HTTP status. */
  status: number;
  html?: string | undefined;
  text?: string | undefined;
  content_type?: string | undefined;
  /** Of a text; a page of HTML has its own. */
  title?: string | undefined;
  /** Where a redirect led. */
  location?: string | undefined;
}

export const maxReportedPages = 500;

/** Why these pages cannot be saved, by field. */
export function reportErrors(pages: ReportedPage[]): FieldError[] {
  if (!pages.length) return fieldErrors({ pages: "Send at least one page." });
  if (pages.length > maxReportedPages)
    return fieldErrors({ pages: `Send at most ${formatCount(maxReportedPages)} pages at once.` });
  const known = new Set<string>();
  return pages.flatMap((page, i) => {
    const key = normalKey("page", page.path);
    const isTwice = known.has(key);
    known.add(key);
    const errors = { ...pageErrors(page), path: isTwice ? "This page is there twice." : whyNotKey("page", key) };
    return fieldErrors(errors).map(({ path, message }) => ({ path: `pages.${i}.${path}`, message }));
  });
}

function pageErrors({ status, html, text, content_type, title, location }: ReportedPage) {
  const isShown = status >= 200 && status <= 299 && location === undefined;
  return {
    status: status >= 100 && status <= 599 ? undefined : "Enter an HTTP status from 100 to 599.",
    html:
      isShown && html === undefined && text === undefined
        ? "Send the html or text of a page that is shown."
        : undefined,
    text: html !== undefined && text !== undefined ? "Send either html or text." : undefined,
    content_type: whyNotText("A content type", content_type, 200),
    title: whyNotText("A title", title, lengthLimits.title),
    location:
      location === undefined || URL.parse(location, "https://example.test")
        ? whyNotText("An address", location, 2000)
        : "This is no address.",
  };
}

/** Why a server cannot have so many pages. */
export const whyNotSoMany = (server: string, pages: number, maxPages: number): string | undefined =>
  pages > maxPages
    ? `${server} would have ${formatCount(pages)} pages, and is set to at most ${formatCount(maxPages)}. An administrator can change that in the settings of visits.`
    : undefined;

/** What was seen, as the body of a response. A text with a title is read as if it had been the text of a page. */
export function bodyOf({ html, text = "", title, content_type }: ReportedPage): { body: string; type: string } {
  const [given] = content_type?.split(";") ?? [];
  if (html !== undefined) return { body: html, type: given?.trim() || "text/html" };
  if (title === undefined) return { body: text, type: given?.trim() || "text/plain" };
  const lines = text.split("\n").map((line) => `<p>${escapeText(line)}</p>`);
  return { body: `<title>${escapeText(title)}</title>${lines.join("")}`, type: "text/html" };
}

const escapeText = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
