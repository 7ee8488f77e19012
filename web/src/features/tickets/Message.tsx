import { IconEyeOff } from "@tabler/icons-react";
import { Avatar } from "~/shared/look/Avatar";
import { Label } from "~/shared/look/Label";
import { When } from "~/shared/look/When";
import { useWords } from "~/shared/words";
import css from "./tickets.module.css";

interface Props {
  author: string;
  at: string;
  text: string;
  isInternal?: boolean;
}

/** Something that somebody said; what was said among staff looks different and says so. */
export function Message({ author, at, text, isInternal = false }: Props) {
  const t = useWords();
  return (
    <article className={css.message} data-internal={isInternal || undefined}>
      <div className={css.messageHead}>
        <Avatar name={author} />
        <strong>{author}</strong>
        {isInternal && (
          <Label tone="warn">
            <IconEyeOff size={14} aria-hidden />
            {t("ticket.internal")}
          </Label>
        )}
        <When at={at} className={css.soft} />
      </div>
      <p className={css.messageText}>{text}</p>
    </article>
  );
}
