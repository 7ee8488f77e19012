import css from "./look.module.css";

/** A person's initials. */
export function Avatar({ name }: { name: string }) {
  const initials = name
    .split(/\s+/)
    .map((word) => word[0] ?? "")
    .slice(0, 2)
    .join("")
    .toUpperCase();
  return (
    <span className={css.avatar} aria-hidden="true">
      {initials}
    </span>
  );
}
