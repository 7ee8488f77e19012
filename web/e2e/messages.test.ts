import { beforeAll, expect, test } from "vitest";
import { openAs, PHONE } from "./browser";
import { asked } from "./desk";

const OUTAGE = {
  name: "Outage",
  kind: "inbox",
  variables: { site: { type: "string", required: true } },
  steps: {
    start: {
      step: {
        template: "{{ dispatch.site }} is down",
        name: "New",
        paths: [
          { label: "I take it", step: "taken" },
          { label: "I cannot", step: "declined" },
          { label: "Pass it on", step: "declined", behavior: "others" },
        ],
      },
      behaviors: {
        others: {
          behavior: "dispatch",
          target: "given roles [manager]",
          fields: [{ name: "reason", label: "Why them?", type: "text", required: true }],
          data: { site: "{{ dispatch.site }}" },
          templates: ["data.site"],
        },
      },
    },
    taken: {
      step: { name: "Taken", nameStyle: "success", scope: "$all" },
      actions: [
        { action: "task", scope: "$source", args: "accepted" },
        { action: "lock", scope: "$all" },
      ],
    },
    declined: { step: { name: "Declined", status: "retired" }, actions: { task: "declined" } },
  },
};
const send = (site: string, to: string) =>
  asked<{ dispatch: { id: string } }>("dee", "POST", "/dispatches", { template: "Outage", to, data: { site } });

beforeAll(() => asked("root", "POST", "/workflows/templates", OUTAGE));

test("Dee writes a message, sees whom it reaches and sends it once; Bo takes it, and her board shows it", async () => {
  const dee = await openAs("dee", "/messages/new");
  await dee.getByRole("combobox", { name: "Message" }).click();
  await dee.getByRole("option", { name: "Outage" }).click();
  const rule = dee.getByRole("textbox", { name: "Rule" });
  await rule.fill("given groups [service-desk] except");
  await dee.getByRole("button", { name: "Go to the place" }).click();
  await rule.fill("given groups [service-desk]");
  await dee.getByText("Reaches 3 people").waitFor();
  await dee.getByText("Bo, Cy, Dee").waitFor();
  await dee.getByLabel("site").fill("Rome");
  await dee.reload();
  expect(await dee.getByLabel("site").inputValue()).toBe("Rome");
  await dee.getByRole("button", { name: "Send to 3 people" }).dblclick();
  await dee.getByRole("heading", { name: "Rome is down", level: 1 }).waitFor();
  await dee.getByRole("row", { name: /Bo.*No answer yet/ }).waitFor();
  const sent = await asked<{ title: string }[]>("dee", "GET", "/dispatches");
  expect(sent.map(({ title }) => title)).toEqual(["Rome is down"]);

  const bo = await openAs("bo", "/inbox", { viewport: PHONE, hasTouch: true });
  await bo.getByRole("link", { name: /Rome is down/ }).tap();
  await bo.getByRole("button", { name: "I take it" }).tap();
  await dee.getByRole("row", { name: /Bo.*Accepted.*Taken/ }).waitFor();
  await dee.getByRole("button", { name: /Accepted 1/ }).click();
  await dee.getByRole("row", { name: /Cy/ }).waitFor({ state: "detached" });
  await dee.getByRole("button", { name: "Cancel the message…" }).click();
  await dee.getByRole("button", { name: "Cancel the message", exact: true }).click();
  await dee.getByText("Cancelled", { exact: true }).waitFor();
});

test("what a path hands over is filled in and sent on, with the keyboard alone", async () => {
  await send("Milan", "given users [bo@acme.example]");
  const bo = await openAs("bo", "/inbox?q=Milan");
  await bo.getByRole("link", { name: /Milan is down/ }).waitFor();
  await bo.keyboard.press("j");
  await bo.getByRole("button", { name: "Pass it on" }).waitFor();
  await bo.keyboard.press("3");
  await bo.getByText("Handed on from your inbox.").waitFor();
  await bo.getByText("Reaches 1 person").waitFor();
  await bo.getByLabel("Why them?").focus();
  await bo.keyboard.press("Control+Enter");
  await bo.getByText("Why them? is required.").waitFor();
  await bo.keyboard.type("They know it");
  await bo.keyboard.press("Control+Enter");
  await bo.getByRole("heading", { name: "Milan is down", level: 1 }).waitFor();
  await bo.getByText("They know it").waitFor();
});

test("several messages are answered at once, and each that refuses says why", async () => {
  for (const site of ["Turin", "Genoa"]) await send(site, "given users [bo@acme.example]");
  const bo = await openAs("bo", "/inbox?kind=entry");
  for (const site of ["Turin", "Genoa"]) await bo.getByRole("checkbox", { name: `Choose ${site} is down` }).check();
  const entries = await asked<{ id: string; title: string }[]>("bo", "GET", "/inbox?kind=entry&q=Genoa");
  await asked("dee", "POST", `/inbox/${entries[0]?.id}/lock`);
  await bo.getByRole("button", { name: "I cannot" }).click();
  await bo.getByText("1 item is done").waitFor();
  await bo.getByRole("alert").getByText("Genoa is down").waitFor();
});

test("requesters have no messages to send", async () => {
  const ana = await openAs("ana", "/");
  await ana.getByRole("heading", { name: "Hello, Ana" }).waitFor();
  expect(await ana.getByRole("link", { name: "Messages" }).count()).toBe(0);
});
