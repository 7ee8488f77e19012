import { Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useDocumentTitle } from "~/shared/look/PageHead";
import css from "./sign-in.module.css";

/** The card that stands alone on the page before one is signed in. */
export function Welcome({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  useDocumentTitle(title);
  return (
    <main className={css.page}>
      <div className={css.card}>
        <img src="/wayline.svg" alt="Wayline" width="40" height="40" />
        <Title order={1} size="h3" mt="md">
          {title}
        </Title>
        <Text c="dimmed" size="sm" mt={4} mb="lg">
          {text}
        </Text>
        {children}
      </div>
    </main>
  );
}
