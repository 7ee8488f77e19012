import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";

interface Props<Row> {
  rows: Row[];
  total: number;
  rowHeight: number;
  label: string;
  keyOf: (row: Row) => string;
  /** Called when the last rows come into sight. */
  onEnd: () => void;
  /** The row to keep in sight, by its key. */
  current?: string | undefined;
  children: (row: Row) => ReactNode;
}

/** A long list that scrolls with the page, of which only what is in sight is on it. */
export function VirtualRows<Row>({ rows, total, rowHeight, label, keyOf, onEnd, current, children }: Props<Row>) {
  const list = useRef<HTMLUListElement>(null);
  const [measured, setTop] = useState<number | null>(null);
  useLayoutEffect(() => setTop((list.current?.getBoundingClientRect().top ?? 0) + window.scrollY), []);
  const top = measured ?? 0;
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollMargin: top,
    scrollPaddingStart: 72,
    scrollPaddingEnd: 72,
    getItemKey: (index) => keyOf(rows[index] as Row),
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= rows.length - 1 && rows.length < total) onEnd();
  }, [last, rows.length, total, onEnd]);

  const at = current === undefined ? -1 : rows.findIndex((row) => keyOf(row) === current);
  useEffect(() => {
    // Before the list's own place is known, a row's place is not either.
    if (at >= 0 && measured !== null) virtual.scrollToIndex(at, { align: "auto" });
  }, [at, measured, virtual]);

  return (
    <ul
      ref={list}
      aria-label={label}
      style={{ position: "relative", height: virtual.getTotalSize(), margin: 0, padding: 0, listStyle: "none" }}
    >
      {shown.map(({ key, index, start }) => (
        <li
          key={key}
          ref={virtual.measureElement}
          data-index={index}
          aria-setsize={total}
          aria-posinset={index + 1}
          style={{ position: "absolute", insetInline: 0, top: 0, transform: `translateY(${start - top}px)` }}
        >
          {children(rows[index] as Row)}
        </li>
      ))}
    </ul>
  );
}
