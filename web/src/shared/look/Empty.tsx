import type { TablerIcon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import css from "./look.module.css";

interface Props {
  icon: TablerIcon;
  title: string;
  text?: string;
  children?: ReactNode;
}

/** What there is to say where there is nothing: why, and in `children` what to do about it. */
export function Empty({ icon: Icon, title, text, children }: Props) {
  return (
    <div className={css.empty}>
      <span className={css.emptyIcon}>
        <Icon size={24} aria-hidden />
      </span>
      <div className={css.emptyTitle}>{title}</div>
      {text && <div className={css.emptyText}>{text}</div>}
      {children}
    </div>
  );
}
