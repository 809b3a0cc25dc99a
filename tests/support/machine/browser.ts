/**
 * Chromium as a separate child process, ended by its own process id, and driven by playwright-core over its DevTools
 * port on loopback.
 */
import { type Browser, chromium as driver, type Page } from "playwright-core";
import { ChildProcess } from "./child_process.ts";
import type { Peer } from "../brokers/peers.ts";

const flags = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0"],
];

/** A running browser. */
export interface RunningBrowser extends AsyncDisposable {
  readonly browser: Browser;
}

/** How the browser shows a page. */
export interface Look {
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
}

/** A page, with a record of forbidden actions. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  /** Console errors and warnings, exceptions, and requests beyond the page's own address. */
  readonly violations: string[];
}

/** Starts Chromium with a temporary profile, which it deletes at the end. */
export async function startBrowser({ program }: Peer): Promise<RunningBrowser> {
  const profile = await Deno.makeTempDir({ prefix: "mqtt-sim-chromium" });
  const child = new ChildProcess(program, [...flags, `--user-data-dir=${profile}`, "about:blank"]);
  const stop = async () => {
    await child[Symbol.asyncDispose]();
    await removed(profile);
  };
  try {
    const [, address] = await child.line(/^DevTools listening on (ws:\/\/\S+)$/, { limitMs: 40_000 });
    const browser = await driver.connectOverCDP(address!);
    return {
      browser,
      [Symbol.asyncDispose]: async () => {
        await browser.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Opens an address in a separate context. @param first a script that runs before those of the page */
export async function openPage(browser: Browser, address: string, look: Look, first?: string): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.scheme,
  });
  const page = await context.newPage();
  if (first !== undefined) await page.addInitScript(first);
  const violations: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) violations.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => violations.push(`exception: ${error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    const own = url === address || (address.startsWith("http") && url === `${address}events`);
    if (!own && !url.startsWith("data:")) violations.push(`request: ${url}`);
  });
  await page.goto(address);
  return { page, violations, [Symbol.asyncDispose]: () => context.close() };
}

/** Helper processes may still write for a moment after Chromium has ended. */
async function removed(folder: string): Promise<void> {
  for (let tries = 20; tries > 0; tries--) {
    try {
      return await Deno.remove(folder, { recursive: true });
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
