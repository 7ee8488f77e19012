import { SegmentedControl, Stack } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useRef } from "react";
import type { ItemKind } from "~/shared/api/answers";
import { useShortcuts } from "~/shared/keys/shortcuts";
import { FilterChips } from "~/shared/look/FilterChips";
import { SearchBox } from "~/shared/look/SearchBox";
import { useWords } from "~/shared/words";
import { type InboxSearch, KINDS } from "./search";

interface Props {
  search: InboxSearch;
  counts: Partial<Record<ItemKind, number>> | undefined;
}

/** Waiting or done, which kinds, whose, and words to look for; all of it in the address. */
export function InboxFilters({ search, counts }: Props) {
  const t = useWords();
  const navigate = useNavigate();
  const box = useRef<HTMLInputElement>(null);
  const change = (changes: Partial<Record<keyof InboxSearch, string | undefined>>) =>
    void navigate({ to: "/inbox", search: { ...search, ...changes } as InboxSearch, replace: true });
  useShortcuts(
    t("filters.title"),
    useMemo(() => [{ keys: "/", does: t("inbox.search"), run: () => box.current?.focus() }], [t]),
  );
  const kinds = KINDS.filter((kind) => search.kind === kind || counts?.[kind]);
  const toggle = (value: string) => {
    if (value === "mine" || value === "group") change({ scope: search.scope === value ? undefined : value });
    else change({ kind: search.kind === value ? undefined : value });
  };
  return (
    <Stack gap="xs" mb="sm">
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label={t("inbox.which")}
        value={search.status ?? "open"}
        onChange={(status) => change({ status: status === "done" ? "done" : undefined })}
        data={[
          { value: "open", label: t("inbox.open") },
          { value: "done", label: t("inbox.done") },
        ]}
      />
      <SearchBox inputRef={box} label={t("inbox.search")} value={search.q ?? ""} onSearch={(q) => change({ q })} />
      <FilterChips
        label={t("filters.title")}
        chosen={[search.kind, search.scope].filter((chosen) => chosen !== undefined)}
        onToggle={toggle}
        choices={[
          ...kinds.map((kind) => ({ value: kind, label: t(`kind.${kind}`), count: counts?.[kind] })),
          // Whose it was is not told of what is done.
          ...(search.status === "done"
            ? []
            : [
                { value: "mine", label: t("inbox.mine") },
                { value: "group", label: t("inbox.groups") },
              ]),
        ]}
      />
    </Stack>
  );
}
