import { Button, Group, Text } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useRef } from "react";
import { useShortcuts } from "~/shared/keys/shortcuts";
import { FilterChips } from "~/shared/look/FilterChips";
import { PRIORITIES } from "~/shared/look/Priority";
import { SearchBox } from "~/shared/look/SearchBox";
import { ticketStatus } from "~/shared/look/Status";
import { isStaff, useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import { isFiltered, STATUSES, type TicketSearch, toggled } from "./search";
import css from "./tickets.module.css";

interface Props {
  search: TicketSearch;
  total: number | undefined;
}

/** The filters, all of them in the address, and how many tickets they leave. */
export function TicketFilters({ search, total }: Props) {
  const t = useWords();
  const me = useMe();
  const navigate = useNavigate();
  const box = useRef<HTMLInputElement>(null);
  const change = (changes: { [Name in keyof TicketSearch]?: string | undefined }) =>
    void navigate({ to: "/tickets", search: { ...search, ...changes } as TicketSearch, replace: true });
  useShortcuts(
    t("filters.title"),
    useMemo(() => [{ keys: "/", does: t("tickets.search"), run: () => box.current?.focus() }], [t]),
  );
  const whose = (["assignee", "requester"] as const).filter((who) => search[who] === "me");
  return (
    <div className={css.filters}>
      <SearchBox inputRef={box} label={t("tickets.search")} value={search.q ?? ""} onSearch={(q) => change({ q })} />
      <FilterChips
        label={t("tickets.byStatus")}
        chosen={search.status?.split(",") ?? []}
        onToggle={(value) => change({ status: toggled(search.status, value) })}
        choices={STATUSES.map((value) => ({ value, label: t(`status.${ticketStatus(value)}`) }))}
      />
      <Group gap="xs">
        <FilterChips
          label={t("tickets.byPriority")}
          chosen={search.priority?.split(",") ?? []}
          onToggle={(value) => change({ priority: toggled(search.priority, value) })}
          choices={PRIORITIES.map((value) => ({ value, label: value }))}
        />
        {isStaff(me) && (
          <FilterChips
            label={t("tickets.byPerson")}
            chosen={whose}
            onToggle={(who) => change({ [who]: search[who as "assignee"] === "me" ? undefined : "me" })}
            choices={[
              { value: "assignee", label: t("tickets.assignedToMe") },
              { value: "requester", label: t("tickets.askedByMe") },
            ]}
          />
        )}
        {isFiltered(search) && (
          <Button variant="subtle" size="compact-sm" component={Link} to="/tickets">
            {t("filters.clear")}
          </Button>
        )}
        {total !== undefined && (
          <Text size="sm" c="dimmed" ml="auto" role="status">
            {t("tickets.count", { count: total })}
          </Text>
        )}
      </Group>
    </div>
  );
}
