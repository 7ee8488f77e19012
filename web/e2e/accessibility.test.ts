import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { DESKTOP, newPage, openAs, PHONE } from "./browser";
import { asked } from "./desk";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const NARROW = { width: 320, height: 640 };

let ticketId = "";
let templateId = "";
let items: Record<string, string> = {};

beforeAll(async () => {
  const open = (subtype: string, title: string) =>
    asked<{ id: string }>("ana", "POST", "/tickets", { type: "service_request", subtype, title });
  ticketId = (await open("approval-alone", "A chair")).id;
  await open("routing-alone", "A desk");
  await open("form-at-desk", "A lamp");
  await asked("bo", "POST", `/tickets/${ticketId}/comments`, { text: "On its way.", visibility: "internal" });
  templateId = (await asked<{ id: string }[]>("dee", "GET", "/workflows/templates?q=Laptop"))[0]?.id ?? "";
  const found = await asked<{ id: string; kind: string }[]>("dee", "GET", "/inbox?limit=100");
  items = Object.fromEntries(found.map((item) => [item.kind, item.id]));
});

/** Waits until nothing of the page is on its way any more. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector("[aria-busy=true]") === null);
  await page.waitForFunction(() => document.getAnimations().length === 0);
}

/** What axe finds in the page in light and in dark. */
async function faultsInBoth(page: Page): Promise<string[]> {
  const found: string[] = [];
  await page.evaluate(AXE);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor();
    await settled(page);
    found.push(...(await faults(page)).map((fault) => `${colorScheme}: ${fault}`));
  }
  return found;
}

/** What axe finds that keeps people out, with the place. */
async function faults(page: Page): Promise<string[]> {
  const found = await page.evaluate(() => (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run());
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.any[0]?.message ?? ""}`));
}

const SCREENS: [string, () => string][] = [
  ["home", () => "/"],
  ["the inbox", () => "/inbox"],
  ["a form", () => `/inbox/${items.form}`],
  ["an approval", () => `/inbox/${items.approval}`],
  ["a routing", () => `/inbox/${items.routing}`],
  ["what was done", () => "/inbox?status=done"],
  ["the tickets", () => "/tickets"],
  ["the workflows", () => "/templates"],
  ["a new workflow", () => "/templates?new=true"],
  ["a workflow", () => `/templates/${templateId}`],
  ["a step of a workflow", () => `/templates/${templateId}?step=lead`],
  ["a workflow as source", () => `/templates/${templateId}?view=source`],
  ["a new ticket", () => "/tickets/new"],
  ["a conversation", () => `/tickets/${ticketId}`],
  ["a workflow", () => `/tickets/${ticketId}?tab=workflow`],
  ["a history", () => `/tickets/${ticketId}?tab=history`],
  ["the messages", () => "/messages"],
  ["a new message", () => "/messages/new"],
  ["an address that leads nowhere", () => "/nowhere"],
];

test("before signing in, axe finds nothing serious", async () => {
  const page = await newPage();
  for (const path of ["/", "/invitation?token=none"]) {
    await page.goto(path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    expect(await faultsInBoth(page), path).toEqual([]);
  }
});

test.each([DESKTOP, PHONE])("at $width pixels no screen has anything serious", async (viewport) => {
  const page = await openAs("dee", "/", { viewport });
  for (const [name, path] of SCREENS) {
    await page.goto(path());
    await page.getByRole("heading").first().waitFor();
    expect(await faultsInBoth(page), name).toEqual([]);
  }
});

test("at 320 pixels nothing is wider than the screen", async () => {
  const page = await openAs("dee", "/", { viewport: NARROW });
  for (const [name, path] of SCREENS) {
    await page.goto(path());
    await page.getByRole("heading").first().waitFor();
    await settled(page);
    const excess = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(excess, name).toBe(0);
  }
});

test("what opens above a screen has nothing serious", async () => {
  const page = await openAs("dee", "/");
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder(/Go to a screen/).waitFor();
  expect(await faultsInBoth(page), "palette").toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByPlaceholder(/Go to a screen/).waitFor({ state: "detached" });
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  expect(await faultsInBoth(page), "shortcuts").toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("button", { name: /Notifications/ }).click();
  await page.getByRole("dialog", { name: "Notifications" }).waitFor();
  expect(await faultsInBoth(page), "notifications").toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /Account of/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).waitFor();
  expect(await faultsInBoth(page), "account").toEqual([]);
});

test("the palette finds a ticket by its words", async () => {
  const page = await openAs("dee", "/");
  await page.getByRole("heading", { name: "Hello, Dee" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder(/Go to a screen/).fill("chair");
  await page.getByRole("dialog").getByText("A chair").waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/tickets\/[0-9a-f-]{36}/);
});
