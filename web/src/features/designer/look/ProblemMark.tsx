import { IconAlertTriangle, IconCircleX } from "@tabler/icons-react";
import { type Problem, worst } from "../definition/problems";
import { useDesignerWords } from "../words/words";
import css from "./problems.module.css";

/** That something is wrong, and how badly: an icon, a word and a colour. */
export function ProblemMark({ problems }: { problems: Problem[] }) {
  const t = useDesignerWords();
  const severity = worst(problems);
  if (severity === null) return null;
  const Icon = severity === "error" ? IconCircleX : IconAlertTriangle;
  const told = problems.map(({ message }) => message).join("\n");
  return (
    <span className={css.mark} data-severity={severity} title={told}>
      <Icon size={16} aria-hidden />
      <span className={css.markWord}>
        {t(severity === "error" ? "problems.errors" : "problems.warnings", { count: problems.length })}
      </span>
    </span>
  );
}

/** What is wrong, each in a line. */
export function ProblemLines({ problems }: { problems: Problem[] }) {
  const t = useDesignerWords();
  if (problems.length === 0) return null;
  return (
    <ul className={css.lines}>
      {problems.map(({ severity, code, path, message }) => {
        const Icon = severity === "error" ? IconCircleX : IconAlertTriangle;
        return (
          <li key={`${code}${path}${message}`} data-severity={severity}>
            <Icon size={15} aria-label={t(`problems.${severity}`)} />
            <span>{message}</span>
          </li>
        );
      })}
    </ul>
  );
}
