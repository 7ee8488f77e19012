import { Select, type SelectProps } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useWords } from "~/shared/words";
import { useNames, usePeopleCalled } from "./people";

type Props = Pick<SelectProps, "label" | "description" | "error" | "required" | "placeholder" | "size" | "disabled"> & {
  value: string | null;
  onChange: (id: string | null) => void;
};

/** Choosing a person by name; the value is their id. */
export function PersonPicker({ value, onChange, ...props }: Props) {
  const t = useWords();
  const [words, setWords] = useState("");
  const [asked] = useDebouncedValue(words, 200);
  const nameOf = useNames([value]);
  const chosen = value ? { value, label: nameOf(value) } : null;
  const { data = [] } = usePeopleCalled(chosen && asked === chosen.label ? "" : asked);
  const found = data.map((person) => ({ value: person.id, label: person.name }));
  const options = chosen && !found.some((o) => o.value === value) ? [chosen, ...found] : found;
  return (
    <Select
      {...props}
      data={options}
      value={value}
      onChange={onChange}
      searchable
      clearable
      clearButtonProps={{ "aria-label": t("people.clear") }}
      onSearchChange={setWords}
      filter={({ options: all }) => all}
      nothingFoundMessage={t("people.nobody")}
    />
  );
}
