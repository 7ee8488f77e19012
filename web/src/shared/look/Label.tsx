import type { ReactNode } from "react";
import css from "./look.module.css";
import type { Tone } from "./tone";

/** A short word in a coloured pill. */
export function Label({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`${css.status} ${css.label}`} data-tone={tone}>
      {children}
    </span>
  );
}
