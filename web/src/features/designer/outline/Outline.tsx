import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { type Line, outlineOf } from "../definition/outline";
import css from "../designer.module.css";
import { useDefinition, useDesigner, useDesignerStore } from "../store";
import { useDesignerWords } from "../words/words";
import { OutlineLine } from "./OutlineLine";
import { OutlineTools } from "./OutlineTools";
import { pressed } from "./outline-keys";

const LINE_HEIGHT = 40;

/** All steps in reading order, as a tree that is worked by keys. In step with the canvas. */
export function Outline() {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const definition = useDefinition();
  const chosen = useDesigner((d) => d.chosen);
  const { lines, loose } = useMemo(() => outlineOf(definition), [definition]);
  const scroller = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState<string | null>(null);
  const only = chosen.length === 1 ? chosen[0] : undefined;
  const at = currentLine(lines, current, only);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 12,
  });
  const hadFocus = useRef(false);
  useEffect(() => {
    if (at < 0) return;
    rows.scrollToIndex(at);
    const line = lines[at];
    if (hadFocus.current && line) window.setTimeout(() => document.getElementById(lineId(line))?.focus(), 0);
  }, [at, lines, rows]);

  const go = (to: number) => {
    const line = lines[Math.min(Math.max(to, 0), lines.length - 1)];
    if (!line) return;
    setCurrent(line.key);
    store.getState().choose([line.id]);
  };
  if (lines.length === 0) {
    return (
      <section className={css.outline} aria-label={t("outline.title")}>
        <Button
          m="md"
          variant="light"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => store.setState({ adding: { first: true } })}
        >
          {t("canvas.addFirst")}
        </Button>
      </section>
    );
  }
  return (
    <section className={css.outline} aria-label={t("outline.title")}>
      <div className={css.outlineHead}>
        <h2 className={css.paneTitle}>{t("outline.title")}</h2>
        <OutlineTools line={lines[at] ?? null} />
      </div>
      <div ref={scroller} className={css.outlineScroll}>
        <div
          role="tree"
          aria-label={t("outline.label")}
          className={css.tree}
          style={{ height: rows.getTotalSize() }}
          onFocus={() => {
            hadFocus.current = true;
          }}
          onBlur={({ relatedTarget }) => {
            // A line that is drawn anew takes the focus with it; going elsewhere ends it.
            if (relatedTarget) hadFocus.current = false;
          }}
          onKeyDown={(event) => pressed(event, { store, lines, at, go })}
        >
          {rows.getVirtualItems().map(({ index, start }) => {
            const line = lines[index] as Line;
            return (
              <OutlineLine
                key={line.key}
                line={line}
                top={start}
                domId={lineId(line)}
                isCurrent={index === at || (at < 0 && index === 0)}
                isChosen={line.kind === "step" && chosen.includes(line.id)}
                isFirstLoose={index === loose}
                onChoose={() => go(index)}
              />
            );
          })}
        </div>
      </div>
    </section>
  );
}

/** The line that was gone to, as long as it is about the chosen step; else the chosen step's own. */
function currentLine(lines: Line[], current: string | null, chosen: string | undefined): number {
  const gone = lines.findIndex(({ key, id }) => key === current && (chosen === undefined || id === chosen));
  if (gone >= 0 && chosen !== undefined) return gone;
  return lines.findIndex(({ kind, id }) => kind === "step" && id === chosen);
}

function lineId({ key }: Line): string {
  return `line-${key}`;
}
