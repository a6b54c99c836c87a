import axeCore, { type AxeResults, type RunOptions } from "axe-core";
import type { Browser, Locator, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { launchChromium } from "./chromium.ts";

export interface PageOptions {
  /** What paths given to `page.goto` are relative to. */
  baseURL?: string;
  javaScript?: boolean;
  /** Under 600 it is a telephone: touch, and the page's own viewport. */
  width?: number;
  height?: number;
  colorScheme?: "light" | "dark";
  /** The test itself looks at what is refused. */
  expectsFaults?: boolean;
}

/** A page in a browser of somebody's own (its cookies are no other's). At the end of the test it closes, and scripts that failed or were refused fail the test. */
export async function openPage(options: PageOptions = {}): Promise<Page> {
  const { page, faults } = await openTab(options);
  onTestFinished(async () => {
    await page.context().close();
    if (!options.expectsFaults) expect(faults, "said by the browser's console").toEqual([]);
  });
  return page;
}

export type Tab = Awaited<ReturnType<typeof openTab>>;

/** The same for several tests: who opens it closes it, and looks at its faults. */
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

/** Waits until the page says so. */
export const readsPage = (page: Page, words: RegExp): Promise<void> =>
  expect.poll(() => wording(page.locator("main")), { timeout: 10_000 }).toMatch(words);

/** What somebody gets to read there or, where it is only said, to hear. */
export async function wording(part: Locator): Promise<string> {
  return (await part.innerText()).replace(/\s+/g, " ").trim();
}

const colours = ["color-contrast", "link-in-text-block"];

/** What axe finds wrong, a line each. Axe cannot run in a page without JavaScript. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(axeCore.source);
  return runAxe(page, {});
}

/** Looks again at the colours alone, once axe has looked at the page in the other scheme. */
export const axeColours = (page: Page): Promise<string[]> => runAxe(page, { runOnly: colours });

/** Looks again at all but the colours, once axe has looked at the page at another width. */
export const axeLayout = (page: Page): Promise<string[]> =>
  runAxe(page, { rules: Object.fromEntries(colours.map((rule) => [rule, { enabled: false }])) });

async function runAxe(page: Page, options: RunOptions): Promise<string[]> {
  const results = `axe.run(${JSON.stringify({ resultTypes: ["violations"], ...options })})`;
  return told(await page.evaluate(results));
}

const told = ({ violations }: Pick<AxeResults, "violations">) =>
  violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(" ")}: ${failureSummary}`),
  );

function listen(page: Page): string[] {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // A 404 or 422 that a test asks for is logged too; the test itself looks at those.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      faults.push(message.text());
  });
  page.on("response", (response) => {
    // A test may ask for what is refused, and looks at the answer itself; nobody asks for a fault.
    const asked = ["document", "fetch"].includes(response.request().resourceType());
    if (response.status() >= (asked ? 500 : 400)) faults.push(`${response.status()} ${response.url()}`);
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    // Going to another page, and a search that is typed on, break off what was under way.
    if (why !== "net::ERR_ABORTED") faults.push(`${why} ${request.url()}`);
  });
  return faults;
}

let launched: Promise<Browser> | undefined;

/** One browser for each worker: it ends with it. */
function browser(): Promise<Browser> {
  launched ??= launchChromium();
  return launched;
}
