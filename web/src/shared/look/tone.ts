import type { LabelStyle } from "~/shared/api/answers";

/** What a colour says: nothing, a matter of fact, well, take care, wrong; dark is emphasis alone. */
export type Tone = "neutral" | "info" | "good" | "warn" | "bad" | "dark";

const OF_LABEL: Record<LabelStyle, Tone> = {
  danger: "bad",
  success: "good",
  info: "info",
  dark: "dark",
  warning: "warn",
};

/** The tone of an item's label, as templates name styles. */
export function toneOfLabel(style: string): Tone {
  return OF_LABEL[style as LabelStyle] ?? "neutral";
}
