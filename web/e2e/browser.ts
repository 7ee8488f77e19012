import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { desk, email, type Who } from "./desk";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** How long an expected thing may take on a busy machine before it counts as missing. */
const PATIENCE_MS = 60_000;

let browser: Browser;
let complaints: string[] = [];

beforeAll(async () => {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (!executablePath) throw new Error("Chromium is not installed (Debian: apt-get install chromium)");
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
});
afterAll(() => browser?.close());

/** With a directory in WAYLINE_E2E_SHOTS, what a failed test has last seen is put there. */
afterEach(async ({ task }) => {
  const directory = process.env.WAYLINE_E2E_SHOTS;
  const pages = browser.contexts().flatMap((context) => context.pages());
  if (directory && task.result?.state === "fail") {
    const place = (index: number) => join(directory, `${task.name.replaceAll(/\W+/g, "-").slice(0, 60)}-${index}.png`);
    await Promise.all(pages.map((page, index) => page.screenshot({ path: place(index), fullPage: true })));
  }
  await Promise.all(browser.contexts().map((context) => context.close()));
});

/** Whatever the page's policy forbids, and whatever breaks in it, fails the test. */
afterEach(() => {
  const said = complaints;
  complaints = [];
  expect(said).toEqual([]);
});

/** A page of a browser of its own, of which every complaint is noted. */
export async function newPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: DESKTOP, baseURL: desk.address, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    const text = message.text();
    // A refusal is told by a status, which the browser reports as an error.
    if (message.type() === "error" && !/status of (400|401|404|409)/.test(text)) complaints.push(text);
  });
  return page;
}

/** Opens an address as somebody, by way of the sign-in that stands before it. */
export async function openAs(who: Who, path: string, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await newPage(options);
  await page.goto(path);
  await signInHere(page, who);
  await page.getByRole("navigation", { name: "Screens" }).waitFor();
  return page;
}

/** Fills in the sign-in that the page shows. */
export async function signInHere(page: Page, who: Who): Promise<void> {
  await page.getByLabel("E-mail address").fill(email(who));
  await page.getByLabel("Password", { exact: false }).first().fill(desk.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}
