import { TextInput } from "@mantine/core";
import { useState } from "react";
import { idsOf, isId } from "../definition/names";
import { renameStep } from "../definition/renaming";
import { useDesignerStore } from "../store";
import { useDesignerWords } from "../words/words";

/** The step's id. It takes effect on leaving the field, and everything that names the step follows. */
export function IdField({ id }: { id: string }) {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const [typed, setTyped] = useState(id);
  const isTaken = typed !== id && idsOf(store.getState().history.present).includes(typed);
  const wrong = isTaken ? t("inspector.idTaken") : isId(typed) ? null : t("inspector.idWrong");
  const apply = () => {
    if (wrong !== null || typed === id) return setTyped(id);
    store.getState().change((definition) => renameStep(definition, id, typed));
    store.getState().choose([typed]);
  };
  return (
    <TextInput
      label={t("inspector.id")}
      description={t("inspector.idHelp", { id: typed })}
      value={typed}
      error={wrong}
      spellCheck={false}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={apply}
      onKeyDown={(event) => event.key === "Enter" && apply()}
    />
  );
}
