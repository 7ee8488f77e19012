import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { Failure } from "~/shared/look/Failure";
import { useWords } from "~/shared/words";
import { type Template, templateQuery } from "./api/templates";
import css from "./designer.module.css";
import { type Kept, readKept } from "./saving/kept";
import { createDesigner, DesignerProvider } from "./store";
import { Workbench } from "./Workbench";

/** Designing one workflow. */
export function DesignerScreen() {
  const { templateId } = useParams({ from: "/signed-in/templates/$templateId" });
  return <Loaded key={templateId} id={templateId} />;
}

function Loaded({ id }: { id: string }) {
  const t = useWords();
  const { data, error, refetch } = useQuery(templateQuery(id));
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) {
    return (
      <div className={css.loading} role="status" aria-label={t("waiting")}>
        <Skeleton height={40} />
        <Skeleton height={480} />
      </div>
    );
  }
  return <Open template={data} />;
}

function Open({ template }: { template: Template }) {
  const { step } = useSearch({ from: "/signed-in/templates/$templateId" });
  const [begun] = useState(() => begin(template, readKept(template.id), step));
  return (
    <DesignerProvider value={begun.store}>
      <Workbench template={template} revision={begun.revision} base={begun.base} isRestored={begun.isRestored} />
    </DesignerProvider>
  );
}

/** Begins with what the server has, or with what this browser had kept: then at the revision that was seen, so that
 * what others have saved meanwhile shows. */
function begin(template: Template, kept: Kept | null, step: string | undefined) {
  const definition = kept?.definition ?? template.definition;
  const store = createDesigner(template.id, definition, template.problems);
  if (step) store.getState().choose([step]);
  return {
    store,
    revision: kept?.revision ?? template.revision,
    base: kept?.base ?? template.definition,
    isRestored: kept !== null,
  };
}
