import { expect, test } from "vitest";
import { openAs, signInHere } from "./browser";
import { asked, desk } from "./desk";

test("a reply survives a reload, and a session that ended under it", async () => {
  const ticket = await asked<{ id: string }>("ana", "POST", "/tickets", { title: "The door squeaks" });
  const ana = await openAs("ana", `/tickets/${ticket.id}`);
  await ana.getByLabel("Public reply").fill("It squeaks louder now.");
  await ana.reload();
  expect(await ana.getByLabel("Public reply").inputValue()).toBe("It squeaks louder now.");

  await ana.context().clearCookies();
  await ana.getByRole("button", { name: "Send reply" }).click();
  await ana.getByRole("dialog", { name: "You have been signed out" }).waitFor();
  await ana.getByLabel("Password", { exact: false }).first().fill(desk.password);
  await ana.getByRole("button", { name: "Sign in" }).click();
  await ana.getByRole("dialog").waitFor({ state: "detached" });
  expect(await ana.getByLabel("Public reply").inputValue()).toBe("It squeaks louder now.");
  await ana.getByRole("button", { name: "Send reply" }).click();
  await ana.getByRole("article").filter({ hasText: "It squeaks louder now." }).waitFor();
  expect(await ana.getByLabel("Public reply").inputValue()).toBe("");
});

test("signing out leaves nothing of what was typed", async () => {
  const ana = await openAs("ana", "/tickets/new");
  await ana.getByLabel("Title").fill("Secret plans");
  await ana.waitForFunction(() => JSON.stringify(localStorage).includes("Secret plans"));
  await ana.getByRole("button", { name: /Account of/ }).click();
  await ana.getByRole("menuitem", { name: "Sign out" }).click();
  await ana.getByLabel("E-mail address").waitFor();
  expect(await ana.evaluate(() => JSON.stringify(localStorage))).not.toContain("Secret plans");
  await signInHere(ana, "bo");
  await ana.getByRole("heading", { name: "Hello, Bo" }).waitFor();
});

test("an internal note is not shown to who asked", async () => {
  const ticket = await asked<{ id: string }>("ana", "POST", "/tickets", { title: "Chair" });
  const bo = await openAs("bo", `/tickets/${ticket.id}`);
  await bo.getByText("Internal note", { exact: true }).click();
  await bo.getByLabel("Internal note").last().fill("She gets the red one.");
  await bo.getByRole("button", { name: "Add note" }).click();
  await bo.getByText("Among staff").waitFor();
  const ana = await openAs("ana", `/tickets/${ticket.id}`);
  await ana.getByText("Nobody has answered yet.").waitFor();
  expect(await ana.getByText("red one").count()).toBe(0);
});
