import { SegmentedControl } from "@mantine/core";
import css from "./dispatches.module.css";
import { PeopleBox } from "./PeopleBox";
import { QueryBox } from "./QueryBox";
import type { useComposing } from "./useComposing";
import { useMessageWords } from "./words/words";

/** Who gets the message: whoever a rule means, or people by name. */
export function Recipients({ message }: { message: ReturnType<typeof useComposing> }) {
  const t = useMessageWords();
  const { composed, change, wrong, reach, isCurrent } = message;
  return (
    <fieldset className={css.values}>
      <legend>{t("compose.to")}</legend>
      <div>
        <SegmentedControl
          size="xs"
          aria-label={t("compose.by")}
          value={composed.by}
          onChange={(by) => change({ by: by as "query" | "people" })}
          data={[
            { value: "query", label: t("compose.byQuery") },
            { value: "people", label: t("compose.byPeople") },
          ]}
        />
      </div>
      {composed.by === "query" ? (
        <QueryBox
          value={composed.query}
          onChange={(query) => change({ query })}
          isCurrent={isCurrent}
          reach={reach}
          error={wrong.to}
        />
      ) : (
        <PeopleBox value={composed.people} onChange={(people) => change({ people })} error={wrong.to} />
      )}
    </fieldset>
  );
}
