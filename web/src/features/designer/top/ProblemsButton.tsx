import { Button, Popover, UnstyledButton } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useState } from "react";
import type { Problem } from "../definition/problems";
import { titleOf } from "../definition/shapes";
import css from "../designer.module.css";
import { focusInspector } from "../outline/outline-keys";
import { stepById, useDesigner, useDesignerStore } from "../store";
import { useDesignerWords } from "../words/words";

/** How many problems there are, and their list; a click on one goes to its step. */
export function ProblemsButton() {
  const t = useDesignerWords();
  const [isOpen, setOpen] = useState(false);
  const problems = useDesigner((d) => d.problems);
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const warnings = problems.length - errors;
  const tone = errors > 0 ? "bad" : warnings > 0 ? "warn" : "good";
  const Icon = errors > 0 ? IconCircleX : warnings > 0 ? IconAlertTriangle : IconCircleCheck;
  const word =
    errors > 0
      ? t("problems.errors", { count: errors })
      : warnings > 0
        ? t("problems.warnings", { count: warnings })
        : t("problems.none");
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" width={380} shadow="md" trapFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          size="sm"
          className={css.problemsButton ?? ""}
          data-tone={tone}
          leftSection={<Icon size={16} aria-hidden />}
          onClick={() => setOpen(!isOpen)}
          disabled={problems.length === 0}
        >
          <span aria-live="polite" className={css.longWord}>
            {word}
          </span>
          <span aria-hidden className={css.shortWord}>
            {problems.length || ""}
          </span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={6} aria-label={t("problems.list")}>
        <ProblemList problems={problems} onGone={() => setOpen(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

/** The problems, each a way to its step. */
export function ProblemList({ problems, onGone }: { problems: Problem[]; onGone: () => void }) {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const owners = useDesigner((d) => d.byStep);
  const lines = [...owners].flatMap(([id, own]) =>
    own.filter((p) => problems.includes(p)).map((p) => ({ id, problem: p })),
  );
  const go = (id: string) => {
    store.getState().choose(id ? [id] : []);
    onGone();
    focusInspector();
  };
  return (
    <ul className={css.problemList}>
      {lines.map(({ id, problem }) => {
        const step = stepById(store.getState().history.present, id);
        const Icon = problem.severity === "error" ? IconCircleX : IconAlertTriangle;
        return (
          <li key={`${problem.code}${problem.path}${problem.message}`}>
            <UnstyledButton className={css.problemLine} data-severity={problem.severity} onClick={() => go(id)}>
              <Icon size={16} aria-label={t(`problems.${problem.severity}`)} />
              <span>
                <b>{step ? titleOf(step) : t("problems.whole")}</b>
                <span>{problem.message}</span>
              </span>
            </UnstyledButton>
          </li>
        );
      })}
    </ul>
  );
}
