import { Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import css from "./look.module.css";

/** A screen's heading with what can be done there; also names the browser's tab. */
export function PageHead({ title, children }: { title: string; children?: ReactNode }) {
  useDocumentTitle(title);
  return (
    <div className={css.pageHead}>
      <Title order={1}>{title}</Title>
      {children}
    </div>
  );
}

/** Names the browser's tab. */
export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Wayline`;
  }, [title]);
}
