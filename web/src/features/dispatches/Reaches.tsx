import { Text } from "@mantine/core";
import { IconAlertTriangle, IconUsers } from "@tabler/icons-react";
import css from "./dispatches.module.css";
import { useMessageWords } from "./words/words";

const SHOWN = 8;

interface Props {
  count: number;
  names: string[];
  description?: string | undefined;
  warnings?: { message: string }[];
}

/** How many a message reaches, and who the first of them are. */
export function Reaches({ count, names, description, warnings = [] }: Props) {
  const t = useMessageWords();
  const first = names.slice(0, SHOWN);
  const left = count - first.length;
  return (
    <div className={css.reach} data-nobody={count === 0 || undefined}>
      <Text fw={600} size="sm" className={css.reachCount}>
        {count === 0 ? <IconAlertTriangle size={16} aria-hidden /> : <IconUsers size={16} aria-hidden />}
        {count === 0 ? t("reach.nobody") : t("reach.reaches", { count })}
      </Text>
      {first.length > 0 && (
        <Text size="sm">
          {first.join(", ")}
          {left > 0 && ` ${t("reach.more", { count: left })}`}
        </Text>
      )}
      {description && <div className={css.soft}>{description}</div>}
      {warnings.map(({ message }) => (
        <div key={message} className={css.warning}>
          {message}
        </div>
      ))}
    </div>
  );
}
