import { existsSync } from "node:fs";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";

const CHROMIUM = process.env.NIGHTBEAM_CHROMIUM ?? "/usr/bin/chromium";

/** Whether a browser is installed. Fails if NIGHTBEAM_REQUIRED=1 and it is not. */
export function chromiumIsHere(): boolean {
  if (existsSync(CHROMIUM)) return true;
  const remedy = "Install it with `apt-get install chromium`, or name it with NIGHTBEAM_CHROMIUM.";
  if (process.env.NIGHTBEAM_REQUIRED === "1") throw new Error(`There is no ${CHROMIUM}. ${remedy}`);
  console.warn(`Tests in a browser are skipped: there is no ${CHROMIUM}. ${remedy}`);
  return false;
}

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}

/** What a page must not do: errors in the console, and requests to other hosts. */
export interface Misdeeds {
  readonly list: readonly string[];
}

/** Notes the misdeeds of a page. */
export function watchPage(page: Page, origin: string): Misdeeds {
  const list: string[] = [];
  page.on("pageerror", (error) => list.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") list.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("data:")) list.push(`request: ${url}`);
  });
  return { list };
}

/** The serious and critical findings of axe-core, each with the first place. */
export async function accessibilityFindings(page: Page): Promise<readonly string[]> {
  // Not by a script element, which the page's policy forbids.
  await page.evaluate(axe.source);
  const found: unknown = await page.evaluate(RUN_AXE);
  return Array.isArray(found) ? found.map(String) : [];
}

const RUN_AXE = `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
  violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ help, nodes: [first] }) => [help, first.html, first.failureSummary].join(": ")))`;
