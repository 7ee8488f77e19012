import { expect, test } from "vitest";
import { openAs, PHONE } from "./browser";

test("Ana opens a ticket and fills in its form; Dee approves on her phone; Ana sees it completed", async () => {
  const ana = await openAs("ana", "/");
  await ana.getByRole("link", { name: "New ticket" }).click();
  await ana.getByLabel("Title").fill("A laptop for Leo");
  await ana.getByRole("combobox", { name: "Type" }).click();
  await ana.getByRole("option", { name: "Service request" }).click();
  await ana.getByLabel("Kind").fill("laptop");
  await ana.getByRole("button", { name: "Open the ticket" }).click();

  await ana.getByRole("tab", { name: "Workflow", selected: true }).waitFor();
  await ana.getByText("0 of 2 steps").first().waitFor();
  await ana.getByRole("button", { name: "Submit" }).click();
  await ana.getByText("Price is required.").waitFor();
  await ana.getByRole("radio", { name: "Developer 16" }).check();
  await ana.getByLabel("Price").fill("-3");
  await ana.getByRole("button", { name: "Submit" }).click();
  await ana.getByText("Price: at least 0.").waitFor();
  await ana.getByLabel("Price").fill("2140");
  await ana.getByLabel("First day").fill("2027-03-01");
  await ana.getByLabel("Handover").fill("2027-03-01T10:30");
  await ana.getByLabel("Reply to").fill("leo@acme.example");
  await ana.getByRole("combobox", { name: "Extras" }).click();
  await ana.getByRole("option", { name: "Dock" }).click();
  await ana.keyboard.press("Escape");
  await ana.getByRole("combobox", { name: "Contact" }).fill("Bo");
  await ana.getByRole("option", { name: "Bo" }).click();
  await ana
    .locator("input[type=file]")
    .setInputFiles({ name: "offer.txt", mimeType: "text/plain", buffer: Buffer.from("2140") });
  await ana.getByText("offer.txt").first().waitFor();
  await ana.getByLabel("The budget is agreed").check();
  await ana.getByLabel("Why so dear?").fill("He compiles.");
  await ana.keyboard.press("Control+Enter");
  await ana.getByText("1 of 2 steps").first().waitFor();

  const dee = await openAs("dee", "/inbox", { viewport: PHONE, hasTouch: true, isMobile: true });
  await dee.getByRole("link", { name: /The lead agrees.*A laptop for Leo/ }).tap();
  await dee.getByText("He compiles.").waitFor();
  await dee.getByRole("button", { name: "Approve" }).tap();
  await dee.getByText("Done: The lead agrees").waitFor();

  await ana.getByText("2 of 2 steps").first().waitFor();
  const run = ana.getByRole("region", { name: "Laptop" });
  await run.getByText("Completed").first().waitFor();
  expect(await run.getByRole("listitem").count()).toBeGreaterThanOrEqual(2);
});
