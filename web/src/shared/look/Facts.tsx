import type { ReactNode } from "react";
import css from "./look.module.css";

/** Names and their values; those without a value are left out. */
export function Facts({ rows }: { rows: [string, ReactNode][] }) {
  const given = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return (
    <dl className={css.facts}>
      {given.map(([name, value]) => (
        <Fact key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function Fact({ name, value }: { name: string; value: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
