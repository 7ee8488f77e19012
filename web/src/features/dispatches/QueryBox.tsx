import { Button, Group, Select, Stack, Textarea } from "@mantine/core";
import { useRef } from "react";
import { Refused } from "~/shared/api/refused";
import { useGroups } from "~/shared/people/people";
import { withGroup } from "./composed";
import type { useReach } from "./dispatches";
import css from "./dispatches.module.css";
import { FaultPlace } from "./FaultPlace";
import { Reaches } from "./Reaches";
import { useMessageWords } from "./words/words";

interface Props {
  value: string;
  onChange: (query: string) => void;
  /** Whether what is shown of `reach` is about what stands in the box now. */
  isCurrent: boolean;
  reach: ReturnType<typeof useReach>;
  error: string | undefined;
}

/** Recipients by a rule, with whom it means just now, or the place where it cannot be read. */
export function QueryBox({ value, onChange, isCurrent, reach, error }: Props) {
  const t = useMessageWords();
  const box = useRef<HTMLTextAreaElement>(null);
  const groups = useGroups().data ?? [];
  const refused = isCurrent && reach.error instanceof Refused ? reach.error : null;
  const goTo = (position: number) => {
    box.current?.focus();
    box.current?.setSelectionRange(position, position);
  };
  const begin = (query: string) => {
    onChange(query);
    box.current?.focus();
  };
  return (
    <Stack gap="xs">
      <Textarea
        ref={box}
        label={t("compose.query")}
        description={t("compose.queryHint")}
        classNames={{ input: css.code }}
        autosize
        minRows={2}
        maxRows={8}
        spellCheck={false}
        autoComplete="off"
        error={refused?.message ?? error}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {refused && <FaultPlace text={value} details={refused.details} onGo={goTo} />}
      <div className={css.live} aria-live="polite">
        {!refused && reach.data && value.trim() && (
          <Reaches
            count={reach.data.count}
            names={reach.data.users.map((user) => user.name)}
            description={reach.data.description}
            warnings={reach.data.warnings}
          />
        )}
        {!refused && !reach.data && (
          <span className={css.soft}>{t(value.trim() ? "reach.looking" : "reach.empty")}</span>
        )}
      </div>
      <Group gap="xs">
        {!value.trim() && (
          <>
            <Button size="compact-sm" variant="default" onClick={() => begin("all users")}>
              {t("compose.everybody")}
            </Button>
            <Button size="compact-sm" variant="default" onClick={() => begin("given roles [agent]")}>
              {t("compose.role", { role: "agent" })}
            </Button>
          </>
        )}
        {groups.length > 0 && (
          <Select
            size="xs"
            aria-label={t("compose.group")}
            placeholder={t("compose.group")}
            searchable
            value={null}
            data={groups.map((group) => ({ value: group.id, label: group.name }))}
            onChange={(id) => {
              const found = groups.find((group) => group.id === id);
              if (found) begin(withGroup(value, found.slug));
            }}
          />
        )}
      </Group>
    </Stack>
  );
}
