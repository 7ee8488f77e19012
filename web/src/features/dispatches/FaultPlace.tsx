import { Button } from "@mantine/core";
import css from "./dispatches.module.css";
import { useMessageWords } from "./words/words";

interface Props {
  text: string;
  details: Record<string, unknown>;
  onGo: (position: number) => void;
}

/** The line that cannot be read, with its place marked, and a way to put the cursor there. */
export function FaultPlace({ text, details, onGo }: Props) {
  const t = useMessageWords();
  const { position, line, column } = details;
  if (typeof position !== "number" || typeof line !== "number" || typeof column !== "number") return null;
  const written = text.split("\n")[line - 1] ?? "";
  const at = Math.min(column - 1, written.length);
  return (
    <div className={css.fault}>
      <code>
        {written.slice(0, at)}
        <mark>{written[at] ?? "\u00a0"}</mark>
        {written.slice(at + 1)}
      </code>
      <Button size="compact-xs" variant="subtle" onClick={() => onGo(position)}>
        {t("reach.place")}
      </Button>
    </div>
  );
}
