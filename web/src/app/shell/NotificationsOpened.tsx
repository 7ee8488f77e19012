import { Button, Group, Popover, Text } from "@mantine/core";
import { IconBellOff } from "@tabler/icons-react";
import { useState } from "react";
import { Empty } from "~/shared/look/Empty";
import { Failure } from "~/shared/look/Failure";
import { Waiting } from "~/shared/look/Waiting";
import { useWords } from "~/shared/words";
import { BellButton } from "./BellButton";
import { Notice } from "./Notice";
import { useMarkRead, useNotices } from "./notices";
import css from "./shell.module.css";

/** The bell with what one was told lately, opened. */
export default function NotificationsOpened() {
  const t = useWords();
  const [opened, setOpened] = useState(true);
  const { data, error, refetch } = useNotices();
  const markRead = useMarkRead();
  const unread = data?.meta.unread ?? 0;
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={360} trapFocus shadow="md">
      <Popover.Target>
        <BellButton aria-expanded={opened} onClick={() => setOpened(!opened)} />
      </Popover.Target>
      <Popover.Dropdown p={0} maw="calc(100vw - 16px)" role="dialog" aria-label={t("notices.label")}>
        <Group justify="space-between" p="xs" pl="md">
          <Text fw={600}>{t("notices.label")}</Text>
          <Button variant="subtle" size="compact-sm" disabled={!unread} onClick={() => markRead.mutate("all")}>
            {t("notices.readAll")}
          </Button>
        </Group>
        <div className={css.notices}>
          {error && <Failure error={error} retry={() => void refetch()} />}
          {!data && !error && <Waiting rows={3} />}
          {data?.data.length === 0 && (
            <Empty icon={IconBellOff} title={t("notices.none")} text={t("notices.noneText")} />
          )}
          {data?.data.map((notice) => (
            <Notice
              key={notice.id}
              notice={notice}
              onOpen={() => {
                if (!notice.read) markRead.mutate([notice.id]);
                setOpened(false);
              }}
            />
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
