import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { AxeResults, RunOptions } from "axe-core";
import type { Browser, Locator, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { launchChromium } from "./chromium.ts";

export interface PageOptions {
  /** The base of relative paths for `page.goto`. */
  baseURL?: string;
  javaScript?: boolean;
  /** In pixels. Under 600 it is a telephone: touch, and the page's own viewport. */
  width?: number;
  height?: number;
  colorScheme?: "light" | "dark";
  /** The test itself checks failed requests and scripts. */
  expectsFaults?: boolean;
}

/** A page in a browser context with its own cookies. It closes at the end of the test, which fails if a script failed or was blocked. */
export async function openPage(options: PageOptions = {}): Promise<Page> {
  const { page, faults } = await openTab(options);
  onTestFinished(async () => {
    await page.context().close();
    if (!options.expectsFaults) expect(faults, "errors in the browser's console").toEqual([]);
  });
  return page;
}

export type Tab = Awaited<ReturnType<typeof openTab>>;

/** The same for several tests: the caller closes it and checks its faults. */
export async function openTab(options: PageOptions) {
  const { javaScript = true, width = 1280, height = 800, colorScheme = "light", baseURL } = options;
  const telephone = width < 600;
  const context = await (await browser()).newContext({
    ...(baseURL && { baseURL }),
    javaScriptEnabled: javaScript,
    viewport: { width, height },
    isMobile: telephone,
    hasTouch: telephone,
    colorScheme,
    reducedMotion: "reduce",
    locale: "en-GB",
  });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  return { page, faults: listen(page) };
}

/** Waits until the page has these words. */
export const readsPage = (page: Page, words: RegExp): Promise<void> =>
  expect.poll(() => wording(page.locator("main")), { timeout: 10_000 }).toMatch(words);

/** The words of this part of the page, including those for screen readers only. */
export async function wording(part: Locator): Promise<string> {
  return (await part.innerText()).replace(/\s+/g, " ").trim();
}

/** As a file from the site's own server, so that Chromium keeps the compiled script from page to page. */
export const axeScript = {
  path: "/axe.js",
  respond: async (): Promise<Response> =>
    new Response(await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js"))), {
      headers: { "content-type": "text/javascript", "cache-control": "max-age=3600, immutable" },
    }),
};

const colourRules = ["color-contrast", "link-in-text-block"];

/** The problems that axe finds, one per line. Axe needs JavaScript in the page, and a server that has its script. */
export async function axe(page: Page): Promise<string[]> {
  await page.addScriptTag({ url: axeScript.path });
  return runAxe(page, { rules: { "target-size": { enabled: true } } });
}

/** Checks only the colours, after `axe` has checked the page in the other colour scheme. */
export const axeColours = (page: Page): Promise<string[]> => runAxe(page, { runOnly: colourRules });

/** What depends on sizes, and on what a width shows or hides. */
const layoutRules = [
  "aria-hidden-focus",
  "button-name",
  "heading-order",
  "label",
  "link-name",
  "nested-interactive",
  "page-has-heading-one",
  "scrollable-region-focusable",
  "select-name",
  "summary-name",
  "target-size",
];

/** Checks only the layout, after `axe` has checked the page at another width. */
export const axeLayout = (page: Page): Promise<string[]> => runAxe(page, { runOnly: layoutRules });

/** Of the results only the violations leave the browser: the rest is long. */
async function runAxe(page: Page, options: RunOptions): Promise<string[]> {
  const run = `axe.run(${JSON.stringify({ resultTypes: ["violations"], ...options })})`;
  return problems(await page.evaluate(`${run}.then(({ violations }) => violations)`));
}

const problems = (violations: AxeResults["violations"]) =>
  violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(" ")}: ${failureSummary}`),
  );

function listen(page: Page): string[] {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // a 404 or 422 that a test expects is logged too, and checked by the test
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      faults.push(message.text());
  });
  page.on("response", (response) => {
    // a test may expect a page or a fetch to be refused, but never a server error, nor a missing asset
    const checked = ["document", "fetch"].includes(response.request().resourceType());
    if (response.status() >= (checked ? 500 : 400)) faults.push(`${response.status()} ${response.url()}`);
  });
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    // leaving the page, or typing on in a search, aborts requests
    if (reason !== "net::ERR_ABORTED") faults.push(`${reason} ${request.url()}`);
  });
  return faults;
}

let launched: Promise<Browser> | undefined;

/** One browser for each worker, with which it ends. */
function browser(): Promise<Browser> {
  launched ??= launchChromium();
  return launched;
}
