import { ActionIcon, Button, Group, Stack } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Failure } from "~/shared/look/Failure";
import { simulate } from "../api/simulation";
import css from "../designer.module.css";
import { useDesignerStore } from "../store";
import { useDesignerWords } from "../words/words";
import { Begin, type Beginning } from "./Begin";
import { PathView } from "./PathView";
import { type Answer, asAsked, litAt } from "./trial";
import { WaitingAnswer } from "./WaitingAnswer";

/** Trying the workflow out: with a ticket, made up or real, answer for everybody and see which way it goes, and why. */
export function TryPanel({ onClose }: { onClose: () => void }) {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const [beginning, setBeginning] = useState<Beginning | null>(null);
  const [given, setGiven] = useState<Answer[]>([]);
  const [seen, setSeen] = useState(0);
  const trial = useMutation({
    mutationFn: ({ from, answers }: { from: Beginning; answers: Answer[] }) => {
      const { templateId, history } = store.getState();
      return simulate(templateId, { ...from, ...asAsked(answers), definition: history.present });
    },
    onSuccess: ({ path }) => setSeen(path.length),
  });
  const { data: simulation } = trial;
  useEffect(() => {
    store.setState({ lit: simulation ? litAt(simulation, seen) : null });
    return () => store.setState({ lit: null });
  }, [store, simulation, seen]);

  const run = (from: Beginning, answers: Answer[]) => {
    setBeginning(from);
    setGiven(answers);
    trial.mutate({ from, answers });
  };
  const again = () => {
    setBeginning(null);
    setGiven([]);
    trial.reset();
  };
  return (
    <div className={css.inspector}>
      <div className={css.inspectorHead}>
        <h2 className={css.paneTitle}>{t("trying.title")}</h2>
        <ActionIcon variant="subtle" color="gray" aria-label={t("trying.close")} onClick={onClose}>
          <IconX size={17} aria-hidden />
        </ActionIcon>
      </div>
      <Stack gap="md" className={css.form}>
        {!beginning && <Begin onBegin={(from) => run(from, [])} />}
        {trial.error && <Failure error={trial.error} />}
        {beginning && (
          <Group gap="xs">
            <Button size="compact-sm" variant="default" onClick={again}>
              {t("trying.again")}
            </Button>
            {given.length > 0 && (
              <Button size="compact-sm" variant="subtle" onClick={() => run(beginning, given.slice(0, -1))}>
                {t("trying.back")}
              </Button>
            )}
          </Group>
        )}
        {simulation && beginning && (
          <>
            <PathView simulation={simulation} seen={seen} onSee={setSeen} />
            {simulation.waiting_at && (
              <WaitingAnswer
                key={`${simulation.waiting_at.step_id}${given.length}`}
                awaited={simulation.waiting_at}
                isBusy={trial.isPending}
                onAnswer={(answer) => run(beginning, [...given, answer])}
              />
            )}
          </>
        )}
      </Stack>
    </div>
  );
}
