import css from "../designer.module.css";
import { Outline } from "./Outline";
import { Palette } from "./Palette";

/** Beside the canvas: the steps to add, and all there are in reading order. On a phone it is the whole editor. */
export function OutlinePane({ isWide }: { isWide: boolean }) {
  return (
    <div className={css.outlinePane}>
      {isWide && <Palette />}
      <Outline />
    </div>
  );
}
