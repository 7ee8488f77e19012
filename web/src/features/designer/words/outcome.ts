import { en } from "./en";
import { wordsOf } from "./words";

/** An outcome as people read it: ours in words, labels as they were written. */
export function outcomeWord(outcome: string): string {
  return Object.hasOwn(en.outcome, outcome) ? wordsOf(`outcome.${outcome}`) : outcome;
}

/** A property as people read it: `reminder_hours` by our word for it, any other by its name. */
export function propertyWord(name: string): string {
  return Object.hasOwn(en.property, name) ? wordsOf(`property.${name}`) : spaced(name);
}

/** One of the values a property can have. */
export function choiceWord(value: string): string {
  return Object.hasOwn(en.choice, value) ? wordsOf(`choice.${value}` as never) : spaced(value);
}

/** What an action does. */
export function actionWord(type: string): string {
  return Object.hasOwn(en.action, type) ? wordsOf(`action.${type}`) : spaced(type);
}

function spaced(name: string): string {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
