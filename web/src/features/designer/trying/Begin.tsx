import { Button, SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { isObject, type Json } from "../definition/shapes";
import { useDefinition } from "../store";
import { useDesignerWords } from "../words/words";

export interface Beginning {
  ticket?: Json;
  ticket_id?: string;
  variables: Json;
  at?: string;
}

/** What a trial begins with: a ticket or none, the variables, and when. */
export function Begin({ onBegin }: { onBegin: (beginning: Beginning) => void }) {
  const t = useDesignerWords();
  const { variables } = useDefinition();
  const names = Object.entries(isObject(variables) ? variables : {});
  const [kind, setKind] = useState("sample");
  const [title, setTitle] = useState("");
  const [priority, setPriority] = useState<string | null>("P3");
  const [number, setNumber] = useState("");
  const [at, setAt] = useState("");
  const [typed, setTyped] = useState<Record<string, string>>({});
  const begin = (event: FormEvent) => {
    event.preventDefault();
    const ticket = { ...(title && { title }), ...(priority && { priority }) };
    const when = at ? new Date(at) : null;
    onBegin({
      variables: Object.fromEntries(
        Object.entries(typed).flatMap(([name, text]) => (text === "" ? [] : [[name, meant(text)]])),
      ),
      ...(kind === "sample" && { ticket }),
      ...(kind === "real" && { ticket_id: number.trim() }),
      ...(when && !Number.isNaN(when.getTime()) && { at: when.toISOString() }),
    });
  };
  return (
    <form onSubmit={begin}>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {t("trying.hint")}
        </Text>
        <SegmentedControl
          size="xs"
          fullWidth
          aria-label={t("trying.with")}
          data={(["sample", "real", "none"] as const).map((value) => ({ value, label: t(`trying.${value}`) }))}
          value={kind}
          onChange={setKind}
        />
        {kind === "sample" && (
          <>
            <TextInput
              label={t("trying.ticketTitle")}
              value={title}
              onChange={(event) => setTitle(event.currentTarget.value)}
            />
            <Select
              label={t("trying.priority")}
              data={["P1", "P2", "P3", "P4"]}
              value={priority}
              onChange={setPriority}
            />
          </>
        )}
        {kind === "real" && (
          <TextInput
            label={t("trying.number")}
            placeholder="INC-000042"
            required
            value={number}
            onChange={(event) => setNumber(event.currentTarget.value)}
          />
        )}
        {names.map(([name, written]) => (
          <TextInput
            key={name}
            label={name}
            withAsterisk={isObject(written) && written.required === true}
            value={typed[name] ?? ""}
            onChange={(event) => setTyped({ ...typed, [name]: event.currentTarget.value })}
          />
        ))}
        <TextInput
          type="datetime-local"
          label={t("trying.at")}
          value={at}
          onChange={(event) => setAt(event.currentTarget.value)}
        />
        <Button type="submit">{t("trying.start")}</Button>
      </Stack>
    </form>
  );
}

/** What was typed as JSON where it is, else as text. */
function meant(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
