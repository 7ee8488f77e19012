import { IconMail, IconSitemap } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { TemplateHead } from "~/shared/api/answers";
import { When } from "~/shared/look/When";
import { type Say, useDesignerWords } from "../designer/words/words";
import css from "./templates.module.css";

/** A workflow in the list: its name, what starts it, how it stands. */
export function TemplateRow({ template }: { template: TemplateHead }) {
  const t = useDesignerWords();
  const Icon = template.kind === "inbox" ? IconMail : IconSitemap;
  const facts = [
    t("templates.steps", { count: template.step_count }),
    ...(template.active_instances > 0 ? [t("templates.runs", { count: template.active_instances })] : []),
    ...(template.version ? [t("templates.version", { n: template.version })] : []),
  ];
  return (
    <li>
      <Link to="/templates/$templateId" params={{ templateId: template.id }} className={css.row}>
        <span className={css.icon}>
          <Icon size={18} aria-hidden />
        </span>
        <span className={css.main}>
          <span className={css.name}>{template.name}</span>
          <span className={css.text}>{template.description || startsOn(template, t)}</span>
        </span>
        <span className={css.marks}>
          <span className={css.status} data-status={template.status}>
            {t(`status.${template.status as "draft"}`)}
          </span>
          {template.has_draft && template.status === "published" && (
            <span className={css.mark}>{t("templates.hasDraft")}</span>
          )}
          {!template.is_active && template.status === "published" && (
            <span className={css.mark}>{t("templates.inactive")}</span>
          )}
        </span>
        <span className={css.facts}>
          {facts.join(" · ")}
          <When at={template.updated_at} />
        </span>
      </Link>
    </li>
  );
}

function startsOn(template: TemplateHead, t: Say): string {
  if (template.kind === "inbox") return t("templates.inbox");
  if (!template.ticket_type) return t("templates.manual");
  const type = t(`ticketType.${template.ticket_type as "incident"}`);
  return t("templates.startsOn", { what: template.trigger_subtype ? `${type}, ${template.trigger_subtype}` : type });
}
