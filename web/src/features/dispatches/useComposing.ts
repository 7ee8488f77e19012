import { useDebouncedValue } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { Refused } from "~/shared/api/refused";
import { forgetHandedOver, readHandedOver } from "~/shared/dispatches/handed-over";
import { useDraft } from "~/shared/drafts/drafts";
import { tellDone } from "~/shared/look/told";
import { missing } from "~/shared/work/form-data";
import { begunWith, bodyOf, type Composed, EMPTY } from "./composed";
import { type Sendable, useReach, useSend } from "./dispatches";
import { valuesOf, withRowsFor } from "./values";
import { useMessageWords } from "./words/words";

const ASKED_AFTER_MS = 300;

/** The message being written: its draft, whom it reaches, what is wrong with it, and sending it. */
export function useComposing(from: string | undefined, sendable: Sendable[]) {
  const t = useMessageWords();
  const navigate = useNavigate();
  const [initial] = useState(() => {
    const handed = from ? readHandedOver(from) : null;
    return handed ? begunWith(handed) : EMPTY;
  });
  const draft = useDraft(`message:${from ?? "new"}`, initial);
  const sending = useSend();
  const [here, setHere] = useState<Record<string, string>>({});
  const composed = draft.value;
  const template = templateOf(composed.template, sendable);
  const variables = template?.variables ?? {};

  const asked = useMemo(() => {
    const data = valuesOf(composed.data, variables).values;
    const attributes = valuesOf(composed.attributes).values;
    const names = { dispatch: { ...data, ...attributes }, data, attributes };
    // What no rule reads need not be asked about again at every letter.
    return { query: composed.query.trim() ? composed.query : "", context: readsContext(composed.query) ? names : {} };
  }, [composed, variables]);
  const [settled] = useDebouncedValue(asked, ASKED_AFTER_MS);
  const reach = useReach(composed.by === "query" ? settled.query : "", settled.context);
  const isCurrent = settled.query === asked.query;

  const change = (changes: Partial<Composed>) => {
    setHere({});
    draft.change({ ...composed, ...changes, key: crypto.randomUUID() });
  };
  const choose = (id: string | null) => {
    const chosen = sendable.find((one) => one.id === id);
    change({ template: id, data: withRowsFor(composed.data, chosen?.variables ?? {}) });
  };
  const amiss = (): Record<string, string> => {
    const found = missing(composed.fields, composed.asked, (label) => t("compose.isRequired", { label }));
    if (!composed.template) found.template = t("compose.needsTemplate");
    const has = composed.by === "query" ? composed.query.trim() : composed.people.length > 0;
    if (!has) found.to = t("compose.needsPeople");
    const { values, fault } = valuesOf(composed.data, variables);
    if (fault || valuesOf(composed.attributes).fault) found.values = "";
    for (const [name, variable] of Object.entries(variables)) {
      if (variable.required && !(name in values) && !composed.fields.some((field) => field.name === name))
        found[`data.${name}`] = t("compose.isRequired", { label: name });
    }
    return found;
  };
  const send = () => {
    if (sending.isPending) return;
    const found = amiss();
    setHere(found);
    if (Object.keys(found).length > 0) return;
    sending.mutate(
      {
        key: composed.key || crypto.randomUUID(),
        body: bodyOf({ ...composed, template: template?.id ?? composed.template }, variables),
      },
      {
        onSuccess: ({ data: { dispatch } }) => {
          draft.forget();
          if (from) forgetHandedOver(from);
          tellDone(t("compose.sent", { title: dispatch.title }));
          void navigate({ to: "/messages/$dispatchId", params: { dispatchId: dispatch.id } });
        },
      },
    );
  };
  const startOver = () => {
    setHere({});
    sending.reset();
    draft.forget();
  };
  const wrong = { ...wrongIn(sending.error), ...here };
  const count = composed.by === "people" ? composed.people.length : isCurrent ? reach.data?.count : undefined;
  return {
    composed,
    template,
    variables,
    reach,
    isCurrent,
    count,
    wrong,
    change,
    choose,
    send,
    startOver,
    sending,
    restored: draft.restored,
  };
}

/** The template that is meant by an id or, case aside, a name. */
function templateOf(named: string | null, sendable: Sendable[]): Sendable | undefined {
  const wanted = named?.trim().toLowerCase();
  return sendable.find((one) => one.id === named) ?? sendable.find((one) => one.name.toLowerCase() === wanted);
}

function readsContext(query: string): boolean {
  return query.includes("$context");
}

/** What the server refused, by the place on the screen. */
function wrongIn(error: unknown): Record<string, string> {
  if (!(error instanceof Refused)) return {};
  const found: Record<string, string> = {};
  for (const { path, message } of error.issues) {
    const place = path.startsWith("to[") ? "to" : path.replace(/^variables\./, "data.");
    found[place] ??= message;
  }
  if (error.code === "unknown_template") found.template ??= error.message;
  return found;
}
