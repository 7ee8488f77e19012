import { Select, Stack, Textarea, TextInput } from "@mantine/core";
import { isObject } from "../definition/shapes";
import css from "../designer.module.css";
import { ProblemLines } from "../look/ProblemMark";
import { useChange, useDefinition, useProblems } from "../store";
import { useDesignerWords } from "../words/words";
import { Variables } from "./Variables";

const TICKET_TYPES = ["incident", "change", "problem", "service_request", "task"] as const;

/** What is true of the whole workflow: what it is for, what starts it, what it is given. */
export function WorkflowForm() {
  const t = useDesignerWords();
  const change = useChange();
  const definition = useDefinition();
  const problems = useProblems("");
  const trigger = isObject(definition.trigger) ? definition.trigger : {};
  const isOnTicket = trigger.type === "ticket_type" || trigger.type === "ticket_type+subtype";
  const set = (name: string, value: unknown) =>
    change((now) => {
      const { [name]: _, ...rest } = now;
      return value === undefined ? rest : { ...rest, [name]: value };
    }, `head.${name}`);
  const startOn = (kind: string | null) =>
    set("trigger", kind === "ticket" ? { type: "ticket_type", ticket_type: "service_request" } : { type: "manual" });
  return (
    <Stack gap="md" className={css.form}>
      <ProblemLines problems={problems} />
      <Textarea
        label={t("settings.description")}
        value={definition.description ?? ""}
        autosize
        minRows={2}
        maxRows={8}
        onChange={(event) => set("description", event.currentTarget.value || undefined)}
      />
      <Select
        label={t("settings.trigger")}
        data={[
          { value: "manual", label: t("settings.manual") },
          { value: "ticket", label: t("settings.onTicket") },
        ]}
        value={isOnTicket ? "ticket" : "manual"}
        allowDeselect={false}
        onChange={startOn}
      />
      {isOnTicket && (
        <>
          <Select
            label={t("settings.ticketType")}
            data={TICKET_TYPES.map((type) => ({ value: type, label: t(`ticketType.${type}`) }))}
            value={String(trigger.ticket_type ?? "")}
            allowDeselect={false}
            onChange={(type) => set("trigger", { ...trigger, type: "ticket_type", ticket_type: type })}
          />
          <TextInput
            label={t("settings.subtype")}
            description={t("settings.subtypeHelp")}
            value={String(trigger.subtype ?? "")}
            onChange={(event) => {
              const { subtype: _, ...rest } = trigger;
              const subtype = event.currentTarget.value;
              set("trigger", { ...rest, type: "ticket_type", ...(subtype && { subtype }) });
            }}
          />
        </>
      )}
      <Variables value={definition.variables} onChange={(variables) => set("variables", variables)} />
      <TextInput
        label={t("settings.queue")}
        placeholder="itsm-workflows"
        value={String(definition.task_queue ?? "")}
        onChange={(event) => set("task_queue", event.currentTarget.value || undefined)}
      />
    </Stack>
  );
}
