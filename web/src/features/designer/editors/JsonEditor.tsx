import { Textarea } from "@mantine/core";
import { useState } from "react";
import { isEqual } from "../definition/equal";
import { useDesignerWords } from "../words/words";
import type { Editing } from "./editing";

/** Any value, as JSON. What cannot be read yet stays in the field and changes nothing. */
export function JsonEditor({ label, help, required, value, error, onChange }: Editing<"json">) {
  const t = useDesignerWords();
  const [typed, setTyped] = useState<string | null>(null);
  const read = typed === null ? null : parsed(typed);
  const isBehind = read !== null && "value" in read && isEqual(read.value, value);
  const text = typed !== null && (isBehind || (read !== null && "why" in read)) ? typed : written(value);
  return (
    <Textarea
      label={label}
      description={help}
      withAsterisk={required}
      error={read && "why" in read ? t("editor.jsonWrong", { why: read.why }) : error}
      autosize
      minRows={1}
      maxRows={14}
      spellCheck={false}
      styles={{ input: { fontFamily: "ui-monospace, monospace", fontSize: "0.8125rem" } }}
      value={text}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        const next = parsed(event.currentTarget.value);
        if ("value" in next) onChange(next.value);
      }}
    />
  );
}

function parsed(text: string): { value: unknown } | { why: string } {
  if (text.trim() === "") return { value: undefined };
  try {
    return { value: JSON.parse(text) };
  } catch (cause) {
    return { why: cause instanceof Error ? cause.message : String(cause) };
  }
}

function written(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value, null, 2);
}
