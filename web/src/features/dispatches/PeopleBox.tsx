import { MultiSelect, Stack } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useNames, usePeopleCalled } from "~/shared/people/people";
import css from "./dispatches.module.css";
import { Reaches } from "./Reaches";
import { useMessageWords } from "./words/words";

interface Props {
  value: string[];
  onChange: (ids: string[]) => void;
  error: string | undefined;
}

/** Recipients chosen by name. */
export function PeopleBox({ value, onChange, error }: Props) {
  const t = useMessageWords();
  const [words, setWords] = useState("");
  const [asked] = useDebouncedValue(words, 200);
  const { data = [] } = usePeopleCalled(asked);
  const nameOf = useNames(value);
  const found = data.map((person) => ({ value: person.id, label: person.name }));
  const chosen = value.filter((id) => !found.some((one) => one.value === id));
  return (
    <Stack gap="xs">
      <MultiSelect
        label={t("compose.people")}
        placeholder={value.length === 0 ? t("compose.peoplePlaceholder") : ""}
        data={[...chosen.map((id) => ({ value: id, label: nameOf(id) })), ...found]}
        value={value}
        onChange={onChange}
        searchable
        searchValue={words}
        onSearchChange={setWords}
        filter={({ options }) => options}
        hidePickedOptions
        clearable
        clearButtonProps={{ "aria-label": t("compose.removePeople") }}
        nothingFoundMessage={t("compose.nobody")}
        error={error}
      />
      <div className={css.live} aria-live="polite">
        {value.length > 0 ? (
          <Reaches count={value.length} names={value.map(nameOf)} />
        ) : (
          <span className={css.soft}>{t("reach.empty")}</span>
        )}
      </div>
    </Stack>
  );
}
