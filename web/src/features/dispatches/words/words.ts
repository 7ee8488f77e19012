import { useTranslation } from "react-i18next";
import words from "~/shared/words";
import { en } from "./en";

// The texts come with the screens, not with the app.
words.addResourceBundle("en", "messages", en);

type Leaves<T, P extends string = ""> = {
  [K in keyof T & string]: T[K] extends string ? `${P}${K}` : Leaves<T[K], `${P}${K}.`>;
}[keyof T & string];
type Counted<K extends string> = K extends `${infer Base}_${"one" | "other"}` ? Base : K;
export type Say = (word: Counted<Leaves<typeof en>>, values?: Record<string, unknown>) => string;

/** The texts of the messages' screens. */
export function useMessageWords(): Say {
  const { t } = useTranslation("messages" as never);
  return t as unknown as Say;
}
