const VIEWS = ["canvas", "outline", "source"] as const;
export type View = (typeof VIEWS)[number];

export interface DesignerSearch {
  view?: View;
  step?: string;
}

/** What the designer's address says: how the workflow is shown, and the step that is chosen. */
export function designerSearch(given: Record<string, unknown>): DesignerSearch {
  const view = VIEWS.find((name) => name === given.view);
  const step = typeof given.step === "string" && given.step !== "" ? given.step : undefined;
  return { ...(view && { view }), ...(step !== undefined && { step }) };
}
