/** What can be opened beside or above the canvas. */
export type Panel = "try" | "publish" | "versions";
