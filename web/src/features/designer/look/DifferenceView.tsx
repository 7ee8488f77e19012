import { IconArrowsUpDown, IconMinus, IconPencil, IconPlus } from "@tabler/icons-react";
import { type Change, type Difference, isSame, type StepDifference } from "../definition/difference";
import { useDesignerWords } from "../words/words";
import css from "./difference.module.css";
import { StepIcon } from "./StepIcon";

const ICONS = { added: IconPlus, removed: IconMinus, changed: IconPencil };

/** What differs, step by step and value by value. */
export function DifferenceView({ difference }: { difference: Difference }) {
  const t = useDesignerWords();
  if (isSame(difference)) return <p className={css.none}>{t("difference.none")}</p>;
  return (
    <ul className={css.list}>
      {difference.head.length > 0 && (
        <li className={css.step} data-kind="changed">
          <div className={css.head}>
            <b>{t("difference.head")}</b>
          </div>
          <Changes changes={difference.head} />
        </li>
      )}
      {difference.steps.map((step) => (
        <OneStep key={`${step.kind}${step.id}`} step={step} />
      ))}
      {difference.reordered && (
        <li className={css.reordered}>
          <IconArrowsUpDown size={15} aria-hidden /> {t("difference.reordered")}
        </li>
      )}
    </ul>
  );
}

function OneStep({ step }: { step: StepDifference }) {
  const t = useDesignerWords();
  const Icon = ICONS[step.kind];
  return (
    <li className={css.step} data-kind={step.kind}>
      <div className={css.head}>
        <StepIcon type={step.type} size={14} />
        <b>{step.title}</b>
        <span className={css.kind}>
          <Icon size={13} aria-hidden />
          {t(`difference.${step.kind}`)}
        </span>
      </div>
      <Changes changes={step.changes} />
    </li>
  );
}

function Changes({ changes }: { changes: Change[] }) {
  const t = useDesignerWords();
  if (changes.length === 0) return null;
  return (
    <dl className={css.changes}>
      {changes.map(({ path, before, after }) => (
        <div key={path}>
          <dt>{path}</dt>
          <dd>
            <del>{shown(before) ?? t("difference.nothing")}</del>
            <ins>{shown(after) ?? t("difference.nothing")}</ins>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function shown(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}
