import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { isEqual } from "../definition/equal";
import css from "../designer.module.css";
import { ProblemLines } from "../look/ProblemMark";
import { definitionIn, type Format, textOf } from "../saving/exporting";
import { useDefinition, useDesigner, useDesignerStore } from "../store";
import { useDesignerWords } from "../words/words";
import { CodeEditor } from "./CodeEditor";

/** The workflow as text. What is typed is applied as soon as it can be read; until then it stays as typed. */
export function SourceView() {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const definition = useDefinition();
  const problems = useDesigner((d) => d.problems);
  const [format, setFormat] = useState<Format>("yaml");
  const [typed, setTyped] = useState<string | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const text = typed !== null && (wrong !== null || says(typed, definition)) ? typed : textOf(definition, format);

  const type = (next: string) => {
    setTyped(next);
    try {
      const read = definitionIn(next);
      setWrong(null);
      store.getState().change((now) => (isEqual(now, read) ? now : read), "source");
    } catch (cause) {
      setWrong(cause instanceof Error ? cause.message : String(cause));
    }
  };
  return (
    <section className={css.source} aria-label={t("source.label")}>
      <div className={css.sourceHead}>
        <SegmentedControl
          size="xs"
          aria-label={t("source.format")}
          data={[
            { value: "yaml", label: "YAML" },
            { value: "json", label: "JSON" },
          ]}
          value={format}
          disabled={wrong !== null}
          onChange={(chosen) => {
            setFormat(chosen as Format);
            setTyped(null);
          }}
        />
        <span className={css.sourceHint} role="status" data-wrong={wrong !== null || undefined}>
          {wrong === null ? t("source.hint") : t("source.wrong", { why: wrong })}
        </span>
      </div>
      <CodeEditor key={format} text={text} format={format} label={t("source.label")} onChange={type} />
      {problems.length > 0 && (
        <div className={css.sourceProblems}>
          <ProblemLines problems={problems} />
        </div>
      )}
    </section>
  );
}

function says(text: string, definition: unknown): boolean {
  try {
    return isEqual(definitionIn(text), definition);
  } catch {
    return false;
  }
}
