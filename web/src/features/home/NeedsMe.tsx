import { IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { InboxItem, Page } from "~/shared/api/answers";
import { answeredAs, api } from "~/shared/api/client";
import { Due } from "~/shared/look/Due";
import { Empty } from "~/shared/look/Empty";
import { Label } from "~/shared/look/Label";
import { toneOfLabel } from "~/shared/look/tone";
import { useWords } from "~/shared/words";
import { Card } from "./Card";
import css from "./home.module.css";

const SHOWN = 6;

/** The first of what waits in the inbox. */
export function NeedsMe() {
  const t = useWords();
  const asked = useQuery({
    queryKey: ["inbox", "home"],
    queryFn: () => answeredAs<Page<InboxItem>>(api.GET("/api/v1/inbox", { params: { query: { limit: SHOWN } } })),
  });
  const count = asked.data?.meta.total;
  return (
    <Card title={t("home.needsMe")} count={count} all={<Link to="/inbox">{t("home.toInbox")}</Link>} asked={asked}>
      {asked.data?.data.length === 0 && (
        <Empty icon={IconCircleCheck} title={t("inbox.allClear")} text={t("inbox.allClearText")} />
      )}
      <ul className={css.rows}>
        {asked.data?.data.map((item) => (
          <li key={item.id}>
            <Link to="/inbox/$itemId" params={{ itemId: item.id }} className={css.row}>
              <span className={css.rowTitle}>{item.title}</span>
              <Label tone={toneOfLabel(item.label_style)}>{item.label}</Label>
              <span className={css.rowText}>{item.subtitle}</span>
              {item.due_at && <Due at={item.due_at} openedAt={item.opened_at} />}
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}
