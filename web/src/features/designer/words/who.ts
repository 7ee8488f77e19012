import { type Who, wayOf, wordIn } from "../definition/who";
import { wordsOf } from "./words";

/** A who-expression in a few words: "leads of finance". */
export function whoWord(who: Who): string {
  const way = wayOf(who);
  const name = wordIn(who);
  if (way === null) return wordsOf("who.nobody");
  if (way === "lead") return wordsOf("who.leadsOf", { name });
  if (way === "manager_of") return wordsOf("who.managerOf", { name });
  return name || wordsOf(`who.${way}`);
}
