import { Group, NumberInput, Select } from "@mantine/core";
import { isObject } from "../definition/shapes";
import { choiceWord } from "../words/outcome";
import { useDesignerWords } from "../words/words";
import type { Editing } from "./editing";

/** A word, or a number of something: all, any, at least 2. */
export function WordOrNumberEditor({ control, label, help, usual, value, error, onChange }: Editing<"wordOrNumber">) {
  const t = useDesignerWords();
  const number = isObject(value) ? Object.entries(value)[0] : undefined;
  const choose = (word: string | null) =>
    onChange(
      word !== null && control.numbers.includes(word) ? { [word]: word === "percent" ? 50 : 1 } : (word ?? undefined),
    );
  return (
    <Group gap="xs" align="end" wrap="nowrap">
      <Select
        label={label}
        description={help}
        error={error}
        flex={1}
        data={[...control.words, ...control.numbers].map((word) => ({ value: word, label: choiceWord(word) }))}
        placeholder={typeof usual === "string" ? t("editor.usual", { value: choiceWord(usual) }) : t("editor.notSet")}
        value={number ? number[0] : typeof value === "string" ? value : null}
        clearable
        clearButtonProps={{ "aria-label": t("editor.clear") }}
        onChange={choose}
      />
      {number && (
        <NumberInput
          aria-label={choiceWord(number[0])}
          w={84}
          min={1}
          value={Number(number[1])}
          onChange={(typed) => typeof typed === "number" && onChange({ [number[0]]: typed })}
        />
      )}
    </Group>
  );
}
