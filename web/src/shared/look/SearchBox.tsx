import { CloseButton, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { useWords } from "~/shared/words";
import css from "./filters.module.css";

const SAID_AFTER_MS = 250;

interface Props {
  label: string;
  value: string;
  onSearch: (words: string) => void;
  inputRef?: RefObject<HTMLInputElement | null>;
}

/** Words to look for, told a moment after the last key. */
export function SearchBox({ label, value, onSearch, inputRef }: Props) {
  const t = useWords();
  const [typed, setTyped] = useState(value);
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const change = (words: string) => {
    setTyped(words);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => onSearch(words), SAID_AFTER_MS);
  };
  return (
    <TextInput
      ref={inputRef}
      className={css.search}
      type="search"
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={typed && <CloseButton size="sm" aria-label={t("filters.clearSearch")} onClick={() => change("")} />}
      value={typed}
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
}
