import { expect, test } from "vitest";
import { openAs } from "./browser";
import { draftSaved, type Made, noErrors, templateCalled } from "./designing";
import { asked } from "./desk";

test("by mouse: Dee builds a workflow of six steps, tries it out, and publishes it", async () => {
  const dee = await openAs("dee", "/templates");
  await dee.getByRole("button", { name: "New workflow" }).first().click();
  await dee.getByLabel("Name").fill("By mouse");
  await dee.getByRole("button", { name: "Create" }).click();
  const outline = dee.getByRole("tree", { name: "Steps of the workflow" });
  await outline.getByRole("treeitem", { name: "Details" }).waitFor();

  const palette = dee.getByRole("region", { name: "Steps" });
  await palette.getByRole("button", { name: "Approval" }).click();
  await dee.getByLabel("Step name").fill("The manager agrees");
  await palette.getByRole("button", { name: "Form" }).click();
  await dee.getByLabel("Step name").fill("Deliver");
  await palette.getByRole("button", { name: "Automatic" }).click();
  await dee.getByLabel("Step name").fill("Resolve");
  await dee.getByRole("combobox", { name: "Status" }).click();
  await dee.getByRole("option", { name: "Resolved" }).click();

  const canvas = dee.locator(".react-flow");
  await canvas.getByRole("button", { name: "Add a step after The manager agrees, when rejected" }).click();
  await dee.getByRole("dialog").getByRole("button", { name: "Automatic" }).click();
  await dee.getByLabel("Step name").fill("Say no");

  await canvas.getByRole("button", { name: "Show all of it" }).click();
  const way = canvas.getByRole("button", { name: "Add a step between Details and The manager agrees" });
  await way.click();
  await dee.getByRole("dialog").getByRole("button", { name: "Wait" }).click();
  await outline.getByRole("treeitem", { name: "Wait" }).waitFor();
  await noErrors(dee);
  await draftSaved(dee);
  expect(await outline.getByRole("treeitem").filter({ hasNotText: "ends here" }).count()).toBe(6);

  await dee.getByRole("button", { name: "Try it" }).click();
  await dee.getByRole("button", { name: "Start", exact: true }).click();
  await dee.getByText("“Details” waits for an answer").waitFor();
  await dee.getByLabel("What is needed").fill("A chair");
  await dee.getByRole("button", { name: "Answer" }).click();
  await dee.getByText("“The manager agrees” waits for an answer").waitFor();
  await dee.getByRole("region", { name: "Answer" }).getByRole("button", { name: "rejected" }).click();
  await dee.getByText("It came to its end").waitFor();
  await dee.getByRole("button", { name: "Close" }).click();

  await dee.getByRole("button", { name: "Publish" }).click();
  await dee.getByLabel("What is new").fill("First");
  await dee.getByRole("button", { name: "Publish version 1" }).click();
  await dee.getByText("Version 1 is published").waitFor();
  const made = await templateCalled("By mouse");
  expect([made.status, made.version]).toEqual(["published", 1]);
  expect(made.definition.steps.map(({ name, type }) => name ?? type)).toEqual([
    "Details",
    "Wait",
    "The manager agrees",
    "Say no",
    "Deliver",
    "Resolve",
  ]);
});

test("by keys alone: Dee builds, connects, takes back, checks and publishes", async () => {
  const dee = await openAs("dee", "/templates?new=true");
  const { keyboard } = dee;
  await dee.getByRole("dialog").waitFor();
  await keyboard.type("By keys");
  await keyboard.press("Enter");
  const outline = dee.getByRole("tree", { name: "Steps of the workflow" });
  await outline.getByRole("treeitem", { name: "Details" }).waitFor();
  for (let n = 0; n < 60 && !(await outline.evaluate((tree) => tree.contains(document.activeElement))); n++) {
    await keyboard.press("Tab");
  }
  await keyboard.press("Home");
  const add = async (letter: string, name: string) => {
    await keyboard.press("a");
    await dee.getByRole("dialog", { name: "What happens next?" }).waitFor();
    if (letter !== "f") await keyboard.press(letter);
    await keyboard.press("Enter");
    await dee.getByRole("dialog").waitFor({ state: "detached" });
    await outline.getByRole("treeitem", { name, selected: true }).waitFor();
  };
  await add("a", "Approval");
  await outline.getByRole("treeitem", { name: "Approval", selected: true }).focus();
  await add("w", "Wait");
  await outline.getByRole("treeitem", { name: "Wait", selected: true }).focus();
  await keyboard.press("d");
  await outline.getByRole("treeitem", { name: "Wait" }).nth(1).waitFor();
  await keyboard.press("Control+z");
  await expect.poll(() => outline.getByRole("treeitem", { name: "Wait" }).count()).toBe(1);
  await keyboard.press("Control+Shift+z");
  await expect.poll(() => outline.getByRole("treeitem", { name: "Wait" }).count()).toBe(2);
  await keyboard.press("Home");
  await add("f", "Form");
  await outline.getByRole("treeitem", { name: "Form", selected: true }).focus();
  await keyboard.press("b");
  await dee.getByRole("dialog", { name: "What happens next?" }).waitFor();
  await keyboard.press("w");
  await keyboard.press("Enter");
  await expect.poll(() => outline.getByRole("treeitem", { name: "Wait" }).count()).toBe(3);
  await outline.getByRole("treeitem", { selected: true }).focus();
  await keyboard.press("Enter");
  await expect.poll(() => dee.getByLabel("Step name").evaluate((box) => box === document.activeElement)).toBe(true);
  await keyboard.press("Control+a");
  await keyboard.type("A pause");
  await outline.getByRole("treeitem", { name: "A pause" }).waitFor();
  await noErrors(dee);
  await draftSaved(dee);
  await outline.getByRole("treeitem", { name: "A pause" }).focus();
  await keyboard.press("p");
  await dee.getByLabel("What is new").waitFor();
  await keyboard.type("By keys");
  await keyboard.press("Tab");
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await dee.getByText("Version 1 is published").waitFor();
  const { definition, status } = await templateCalled("By keys");
  expect(status).toBe("published");
  expect(definition.steps.map(({ type }) => type)).toEqual(["form", "wait", "form", "approval", "wait", "wait"]);
});

test("two browsers edit one workflow: the second is shown what differs, and nothing is lost", async () => {
  const field = { name: "x", label: "X", type: "text" };
  const steps = [
    { id: "one", type: "form", name: "One", fields: [field], next: "two" },
    { id: "two", type: "form", name: "Two", fields: [field] },
  ];
  const made = await asked<Made>("dee", "POST", "/workflows/templates", { name: "Of two", steps, is_active: false });
  const dee = await openAs("dee", `/templates/${made.id}?step=one`);
  const root = await openAs("root", `/templates/${made.id}?step=two`);
  await dee.getByLabel("Step name").fill("One, by Dee");
  await draftSaved(dee);
  await expect.poll(async () => (await templateCalled("Of two")).definition.steps[0]?.name).toBe("One, by Dee");

  await root.getByLabel("Step name").fill("Two, by Root");
  const dialog = root.getByRole("dialog", { name: "Somebody else has saved this workflow" });
  await dialog.getByRole("insertion").getByText("Two, by Root").waitFor();
  await dialog.getByRole("deletion").getByText("One, by Dee").waitFor();
  await root.reload();
  await dialog.getByRole("insertion").getByText("Two, by Root").waitFor();
  await dialog.getByRole("button", { name: "Keep both" }).click();
  await dialog.waitFor({ state: "detached" });
  await draftSaved(root);
  await expect
    .poll(async () => (await templateCalled("Of two")).definition.steps.map(({ name }) => name))
    .toEqual(["One, by Dee", "Two, by Root"]);
});

test("what was typed is there after a reload, though the server could not be reached", async () => {
  const steps = [{ id: "one", type: "form", name: "One", fields: [{ name: "x", type: "text" }] }];
  const made = await asked<Made>("dee", "POST", "/workflows/templates", { name: "Kept", steps, is_active: false });
  const dee = await openAs("dee", `/templates/${made.id}?step=one`);
  await dee.route("**/draft", (route) => route.fulfill({ status: 404, json: {} }));
  await dee.getByLabel("Step name").fill("Typed");
  await dee.locator('[data-state="refused"]').waitFor();
  await dee.unroute("**/draft");
  await dee.reload();
  await dee.getByRole("treeitem", { name: "Typed" }).waitFor();
  await draftSaved(dee);
  expect((await templateCalled("Kept")).definition.steps[0]?.name).toBe("Typed");
});

test("a message for inboxes is made and changed as source", async () => {
  const dee = await openAs("dee", "/templates?new=true");
  const message = `name: A word to all\nkind: inbox\nsteps:\n  begin:\n    messages: []\n`;
  await dee
    .locator("input[type=file]")
    .setInputFiles({ name: "word.yaml", mimeType: "text/yaml", buffer: Buffer.from(message) });
  await dee.getByText("This workflow can be edited as source only.").waitFor();
  await dee.getByRole("button", { name: "To the source" }).click();
  const editor = dee.getByRole("textbox", { name: "The workflow as text" });
  await editor.getByText("A word to all").waitFor();
  await editor.click();
  await dee.keyboard.press("Control+Home");
  await dee.keyboard.press("End");
  await dee.keyboard.type(" of us");
  await draftSaved(dee);
  expect((await templateCalled("A word to all of us")).definition.name).toBe("A word to all of us");
});
