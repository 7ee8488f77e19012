import css from "./filters.module.css";

export interface Choice {
  value: string;
  label: string;
  count?: number | undefined;
}

interface Props {
  label: string;
  choices: Choice[];
  chosen: string[];
  onToggle: (value: string) => void;
}

/** Filters to switch on and off. */
export function FilterChips({ label, choices, chosen, onToggle }: Props) {
  return (
    <fieldset className={css.chips}>
      <legend className={css.legend}>{label}</legend>
      {choices.map(({ value, label: word, count }) => (
        <button
          key={value}
          type="button"
          className={css.chip}
          aria-pressed={chosen.includes(value)}
          onClick={() => onToggle(value)}
        >
          {word}
          {count !== undefined && <span className={css.count}>{count}</span>}
        </button>
      ))}
    </fieldset>
  );
}
