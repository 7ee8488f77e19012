import { UnstyledButton } from "@mantine/core";
import type { ComponentProps } from "react";
import { Avatar } from "~/shared/look/Avatar";
import { useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import css from "./shell.module.css";

/** The button behind which the account's menu is. */
export function AccountButton(props: ComponentProps<"button">) {
  const t = useWords();
  const me = useMe();
  return (
    <UnstyledButton
      aria-haspopup="menu"
      {...props}
      className={css.account}
      aria-label={t("account.label", { name: me.name })}
    >
      <Avatar name={me.name} />
    </UnstyledButton>
  );
}
