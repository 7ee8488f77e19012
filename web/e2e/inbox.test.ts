import { expect, test } from "vitest";
import { openAs, PHONE } from "./browser";
import { asked } from "./desk";

interface Opened {
  id: string;
  number: string;
}
const open = (title: string, subtype: string) =>
  asked<Opened>("ana", "POST", "/tickets", { type: "service_request", subtype, title });

test("who rejects is asked why", async () => {
  await open("Something dear", "approval-alone");
  const dee = await openAs("dee", "/inbox?kind=approval", { viewport: PHONE });
  await dee.getByRole("link", { name: /Something dear/ }).click();
  await dee.getByRole("button", { name: "Reject" }).click();
  await dee.getByText("Say why, so that the requester knows what to change.").waitFor();
  await dee.getByLabel("Why do you reject it?").fill("Not this year.");
  await dee.getByRole("button", { name: "Reject" }).click();
  await dee.getByText("Done: The lead agrees").waitFor();
});

test("what Bo takes shows Dee his name while it is open before her, and can be given back at once", async () => {
  await open("Where shall it go?", "routing-alone");
  const bo = await openAs("bo", "/inbox");
  const dee = await openAs("dee", "/inbox");
  for (const page of [bo, dee]) {
    await page.getByRole("link", { name: /Where shall it go/ }).click();
    await page.getByRole("button", { name: /Deskside/ }).waitFor();
  }
  await bo.getByRole("button", { name: "Take it" }).click();
  await bo.getByRole("button", { name: "Give it back" }).waitFor();
  await dee
    .getByText(/Taken by Bo|no longer waiting for you/)
    .first()
    .waitFor();
  await bo.getByRole("button", { name: "Undo" }).click();
  await bo.getByRole("button", { name: "Take it" }).waitFor();
});

test("the inbox is walked and worked with the keyboard alone", async () => {
  await open("First by keys", "routing-alone");
  const bo = await openAs("bo", "/");
  await bo.getByRole("heading", { name: "Hello, Bo" }).waitFor();
  await bo.keyboard.press("g");
  await bo.keyboard.press("i");
  await bo
    .getByRole("list", { name: "Inbox" })
    .getByRole("link", { name: /First by keys/ })
    .waitFor();
  await bo.keyboard.press("j");
  await bo.getByRole("heading", { name: "Where to?", level: 2 }).waitFor();
  const url = new URL(bo.url());
  expect(url.pathname).toMatch(/^\/inbox\/[0-9a-f-]{36}$/);
  await bo.keyboard.press("1");
  await bo.getByText("Done: Where to?").waitFor();
});

test("filters are in the address, and what hides everything can be cleared", async () => {
  const bo = await openAs("bo", "/inbox?q=there-is-no-such-word");
  await bo.getByText("The filters hide everything").waitFor();
  await bo.getByRole("link", { name: "Clear filters" }).click();
  await bo.waitForURL((url) => url.search === "");
});
