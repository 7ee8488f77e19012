import { Title } from "@mantine/core";
import { type ReactNode, useId } from "react";
import { Failure } from "~/shared/look/Failure";
import { Waiting } from "~/shared/look/Waiting";
import css from "./home.module.css";

interface Props {
  title: string;
  count: number | undefined;
  all: ReactNode;
  asked: { error: unknown; isPending: boolean; refetch: () => unknown };
  children: ReactNode;
}

/** A card with its heading, how many there are in all, and the way to them. */
export function Card({ title, count, all, asked, children }: Props) {
  const heading = useId();
  return (
    <section className={css.card} aria-labelledby={heading}>
      <div className={css.cardHead}>
        <Title order={2} size="h5" id={heading}>
          {title}
        </Title>
        {count !== undefined && <span className={css.count}>{count}</span>}
        <span className={css.all}>{all}</span>
      </div>
      {asked.error ? <Failure error={asked.error} retry={() => void asked.refetch()} /> : null}
      {asked.isPending ? <Waiting rows={3} height={44} /> : children}
    </section>
  );
}
