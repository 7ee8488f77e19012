import type { CSSProperties } from "react";
import { kindOf } from "../step-types/kinds";
import css from "./step-icon.module.css";

/** The sign of a step type, in its colour. */
export function StepIcon({ type, size = 18 }: { type: string; size?: number }) {
  const { icon: Icon, hue } = kindOf(type);
  return (
    <span className={css.icon} style={{ "--hue": hue } as CSSProperties}>
      <Icon size={size} aria-hidden />
    </span>
  );
}
