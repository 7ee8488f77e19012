/** What a step type is called on its way from the palette to the canvas. */
export const DRAGGED_TYPE = "application/x-wayline-step";
