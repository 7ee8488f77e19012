import { ActionIcon } from "@mantine/core";
import { IconBell } from "@tabler/icons-react";
import type { ComponentProps } from "react";
import { useWords } from "~/shared/words";
import { useNotices } from "./notices";
import css from "./shell.module.css";

/** The bell, with a mark when something is unread. */
export function BellButton(props: ComponentProps<"button">) {
  const t = useWords();
  const unread = useNotices().data?.meta.unread ?? 0;
  const label = unread ? t("notices.labelUnread", { count: unread }) : t("notices.label");
  return (
    <ActionIcon variant="subtle" color="gray" size="lg" {...props} aria-label={label} title={label}>
      <IconBell size={20} aria-hidden />
      {unread > 0 && <span className={css.bellMark} />}
    </ActionIcon>
  );
}
