import { useTranslation } from "react-i18next";
import words from "~/shared/words";
import { en } from "./en";

words.addResourceBundle("en", "designer", en);

type Leaves<T, P extends string = ""> = {
  [K in keyof T & string]: T[K] extends string ? `${P}${K}` : Leaves<T[K], `${P}${K}.`>;
}[keyof T & string];
type Counted<K extends string> = K extends `${infer Base}_${"one" | "other"}` ? Base | K : K;
export type Word = Counted<Leaves<typeof en>>;
export type Say = (
  word: Word | `action.${string}` | `op.${string}` | `property.${string}` | `outcome.${string}`,
  values?: Record<string, unknown>,
) => string;

/** A text of the designer, for code that is no component. The texts come with the screen, not with the app. */
export const wordsOf: Say = (word, values) =>
  words.t(word as never, { ns: "designer", ...values } as never) as unknown as string;

/** The designer's texts, for components. */
export function useDesignerWords(): Say {
  const { t } = useTranslation("designer" as never);
  return t as unknown as Say;
}
