import { Alert, Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { getHotkeyHandler } from "@mantine/hooks";
import { IconArrowForwardUp, IconMail, IconSend } from "@tabler/icons-react";
import { Link, useSearch } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { Empty } from "~/shared/look/Empty";
import { Failure } from "~/shared/look/Failure";
import { PageHead } from "~/shared/look/PageHead";
import { Waiting } from "~/shared/look/Waiting";
import { Asked } from "./Asked";
import { type Sendable, useSendable } from "./dispatches";
import css from "./dispatches.module.css";
import { Recipients } from "./Recipients";
import { useComposing } from "./useComposing";
import { ValuesBox } from "./ValuesBox";
import { useMessageWords } from "./words/words";

/** Writing a message and sending it. What is typed is kept in this browser until it has been sent. */
export function ComposeScreen() {
  const t = useMessageWords();
  const { from } = useSearch({ from: "/signed-in/messages/new" });
  const { data, error, refetch } = useSendable();
  return (
    <div className={css.page}>
      <PageHead title={t("compose.title")} />
      {!data && !error && <Waiting rows={4} />}
      {error && !data && <Failure error={error} retry={() => void refetch()} />}
      {data?.length === 0 && <Empty icon={IconMail} title={t("compose.none")} text={t("compose.noneText")} />}
      {data && data.length > 0 && <Composing key={from} from={from} sendable={data} />}
    </div>
  );
}

function Composing({ from, sendable }: { from: string | undefined; sendable: Sendable[] }) {
  const t = useMessageWords();
  const message = useComposing(from, sendable);
  const { composed, template, variables, wrong, change, count, sending } = message;
  const [withAttributes, setWithAttributes] = useState(false);
  const hasAttributes = withAttributes || composed.attributes.rows.length > 0 || composed.attributes.as === "json";
  const form = useRef<HTMLFormElement>(null);
  const submit = (event: FormEvent | KeyboardEvent) => {
    event.preventDefault();
    message.send();
    // Once what is amiss is marked, the first of it is where to go on.
    window.requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  };
  const inData = Object.fromEntries(
    Object.entries(wrong).flatMap(([place, said]) => (place.startsWith("data.") ? [[place.slice(5), said]] : [])),
  );
  const options = sendable.map(({ id, name }) => ({ value: id, label: name }));
  if (composed.template && !template) options.push({ value: composed.template, label: composed.template });
  return (
    <form
      ref={form}
      onSubmit={submit}
      onKeyDown={getHotkeyHandler([["mod+Enter", submit]])}
      noValidate
      className={css.form}
    >
      <Stack gap="lg">
        {from && (
          <Alert icon={<IconArrowForwardUp />} color="blue" variant="light">
            {t("compose.handedOver")}
          </Alert>
        )}
        {message.restored && !from && (
          <Text size="sm" c="dimmed">
            {t("compose.restored")}
          </Text>
        )}
        <Select
          label={t("compose.template")}
          placeholder={t("compose.templatePlaceholder")}
          description={template?.description ?? undefined}
          inputWrapperOrder={["label", "input", "description", "error"]}
          required
          searchable
          allowDeselect={false}
          nothingFoundMessage={t("compose.noTemplate")}
          data={options}
          value={template?.id ?? composed.template}
          error={wrong.template}
          onChange={message.choose}
        />
        {composed.fields.length > 0 && (
          <Asked
            fields={composed.fields}
            values={composed.asked}
            wrong={{ ...wrong, ...inData }}
            onChange={(asked) => change({ asked })}
          />
        )}
        <Recipients message={message} />
        <ValuesBox
          title={t("compose.data")}
          hint={t("compose.dataHint")}
          values={composed.data}
          variables={variables}
          wrong={inData}
          onChange={(data) => change({ data })}
        />
        {hasAttributes ? (
          <ValuesBox
            title={t("compose.attributes")}
            hint={t("compose.attributesHint")}
            values={composed.attributes}
            onChange={(attributes) => change({ attributes })}
          />
        ) : (
          <div>
            <Button size="compact-sm" variant="subtle" onClick={() => setWithAttributes(true)}>
              {t("compose.addAttributes")}
            </Button>
          </div>
        )}
        <div className={css.two}>
          <TextInput
            label={t("compose.heading")}
            description={t("compose.headingHint")}
            inputWrapperOrder={["label", "input", "description", "error"]}
            maxLength={500}
            error={wrong.title}
            value={composed.title}
            onChange={(event) => change({ title: event.currentTarget.value })}
          />
          <TextInput
            label={t("compose.due")}
            type="datetime-local"
            error={wrong.due_at}
            value={composed.due}
            onChange={(event) => change({ due: event.currentTarget.value })}
          />
        </div>
        {sending.error && <Failure error={sending.error} title={t("compose.notSent")} />}
        <Group className={css.formFoot}>
          <Button type="submit" loading={sending.isPending} leftSection={<IconSend size={16} aria-hidden />}>
            {count ? t("compose.send", { count }) : t("compose.sendPlain")}
          </Button>
          <Button variant="default" component={Link} to="/messages">
            {t("compose.cancel")}
          </Button>
          {composed.key && (
            <Button variant="subtle" color="gray" ml="auto" onClick={message.startOver}>
              {t("compose.startOver")}
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}
