import { Stack, TextInput } from "@mantine/core";
import { useMemo } from "react";
import { useStepTypes } from "../api/templates";
import { setProperty } from "../definition/edits";
import { pathInStep, problemsAt } from "../definition/problems";
import { formOf, type Property } from "../definition/property-form";
import type { Step } from "../definition/shapes";
import css from "../designer.module.css";
import { PropertyField } from "../editors/PropertyField";
import { ProblemLines } from "../look/ProblemMark";
import { StepIcon } from "../look/StepIcon";
import { useChange, useProblems, useStep } from "../store";
import { propertyWord } from "../words/outcome";
import { useDesignerWords } from "../words/words";
import { IdField } from "./IdField";
import { Ways } from "./Ways";

const ELSEWHERE = ["id", "type", "name", "next", "otherwise"];
const LATER = new Set(["description", "timeout_hours", "calendar", "on_timeout", "retry", "compensate"]);

/** A step's form, made from the schema of its type. */
export function StepForm({ id }: { id: string }) {
  const step = useStep(id);
  const { data: types = [] } = useStepTypes();
  const type = types.find((found) => found.type === step?.type);
  const properties = useMemo(() => (type ? formOf(type.schema, ELSEWHERE) : []), [type]);
  if (!step) return null;
  return <Form step={step} typeName={type?.name ?? step.type} properties={properties} />;
}

function Form({ step, typeName, properties }: { step: Step; typeName: string; properties: Property[] }) {
  const t = useDesignerWords();
  const change = useChange();
  const problems = useProblems(step.id);
  const shown = new Set(properties.map(({ name }) => name));
  const general = problems.filter((problem) => !shown.has(pathInStep(problem).split(/[.[]/)[0] ?? ""));
  const set = (name: string, value: unknown) =>
    change((definition) => setProperty(definition, step.id, name, value), `${step.id}.${name}`);
  const field = (property: Property) => (
    <PropertyField
      key={property.name}
      property={property}
      label={propertyWord(property.name)}
      value={step[property.name]}
      problems={problemsAt(problems, property.name)}
      onChange={(value) => set(property.name, value)}
    />
  );
  const later = properties.filter(({ name }) => LATER.has(name));
  const isLaterSet = later.some(({ name }) => step[name] !== undefined && step[name] !== null);
  return (
    <Stack gap="md" className={css.form}>
      <div className={css.formType}>
        <StepIcon type={step.type} />
        {typeName}
      </div>
      <TextInput
        label={t("inspector.name")}
        placeholder={step.id}
        value={step.name ?? ""}
        maxLength={200}
        onChange={(event) => set("name", event.currentTarget.value || undefined)}
      />
      <ProblemLines problems={general} />
      {properties.filter(({ name }) => !LATER.has(name)).map(field)}
      <Ways step={step} />
      <details className={css.more} open={isLaterSet || undefined}>
        <summary>{t("inspector.more")}</summary>
        <Stack gap="md" mt="sm">
          {later.map(field)}
          <IdField key={step.id} id={step.id} />
        </Stack>
      </details>
    </Stack>
  );
}
