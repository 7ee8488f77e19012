import { ActionIcon, Autocomplete, Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useGroups, usePeopleCalled } from "~/shared/people/people";
import { isObject } from "../definition/shapes";
import { saidAs, WAYS, type WayToSay, type Who, wayOf, whosIn, wordIn } from "../definition/who";
import css from "../designer.module.css";
import { choiceWord } from "../words/outcome";
import { useDesignerWords } from "../words/words";
import type { Editing } from "./editing";

const STRATEGIES = ["round_robin", "least_loaded", "on_call"];
const STANDS_FOR = {
  group: "",
  user: "",
  lead: "",
  role: "agent",
  manager_of: "requester",
  field: "ticket.custom.owner",
  query: "",
};

/** Who it is: one expression. */
export function WhoEditor({ label, help, required, value, error, onChange }: Editing<"who">) {
  const t = useDesignerWords();
  const who = isObject(value) ? (value as Who) : null;
  return (
    <fieldset className={css.ways}>
      <legend>
        {label}
        {required && " *"}
      </legend>
      {help && <p className={css.help}>{help}</p>}
      {who ? (
        <OneWho who={who} onChange={onChange} onRemove={() => onChange(undefined)} />
      ) : (
        <Button
          size="compact-sm"
          variant="light"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => onChange({ group: "" })}
        >
          {t("who.add")}
        </Button>
      )}
      {error && <p className={css.wrong}>{error}</p>}
    </fieldset>
  );
}

/** Who they are: several expressions. */
export function WhosEditor({ label, help, required, value, error, onChange }: Editing<"whos">) {
  const t = useDesignerWords();
  const whos = whosIn(value);
  const write = (changed: Who[]) => onChange(changed.length > 0 ? changed : undefined);
  return (
    <fieldset className={css.ways}>
      <legend>
        {label}
        {required && " *"}
      </legend>
      {help && <p className={css.help}>{help}</p>}
      <Stack gap="xs">
        {whos.map((who, index) => (
          <OneWho
            // biome-ignore lint/suspicious/noArrayIndexKey: expressions have nothing else to be told apart by
            key={index}
            who={who}
            onChange={(changed) => write(whos.with(index, changed))}
            onRemove={() => write(whos.toSpliced(index, 1))}
          />
        ))}
        <div>
          <Button
            size="compact-sm"
            variant="light"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => write([...whos, { group: "" }])}
          >
            {t("who.add")}
          </Button>
        </div>
      </Stack>
      {error && <p className={css.wrong}>{error}</p>}
    </fieldset>
  );
}

function OneWho({ who, onChange, onRemove }: { who: Who; onChange: (who: Who) => void; onRemove: () => void }) {
  const t = useDesignerWords();
  const way = wayOf(who) ?? "group";
  const value = wordIn(who);
  const hasValue = way !== "requester" && way !== "assignee" && way !== "owner";
  const write = (word: string) => onChange(saidAs(way, word, who.strategy));
  const choose = (chosen: string | null) => {
    const next = (chosen ?? "group") as WayToSay;
    onChange(saidAs(next, STANDS_FOR[next as keyof typeof STANDS_FOR] ?? "", who.strategy));
  };
  return (
    <div className={css.item}>
      <Group gap="xs" wrap="nowrap" align="end">
        <Select
          aria-label={t("who.label")}
          flex={1}
          data={WAYS.map((name) => ({ value: name, label: t(`who.${name}`) }))}
          value={way}
          allowDeselect={false}
          onChange={choose}
        />
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={t("editor.remove", { name: t(`who.${way}`) })}
          onClick={onRemove}
        >
          <IconTrash size={16} aria-hidden />
        </ActionIcon>
      </Group>
      {hasValue && <WhoValue way={way} value={value} onChange={write} />}
      {(way === "group" || way === "lead" || way === "role" || way === "query") && (
        <Group gap="xs" mt={6} wrap="nowrap">
          <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
            {t("who.strategy")}
          </Text>
          <Select
            aria-label={t("who.strategy")}
            size="xs"
            data={STRATEGIES.map((name) => ({ value: name, label: choiceWord(name) }))}
            placeholder={t("who.everybody")}
            value={who.strategy ?? null}
            clearable
            clearButtonProps={{ "aria-label": t("editor.clear") }}
            onChange={(strategy) => onChange(saidAs(way, value, strategy ?? undefined))}
          />
        </Group>
      )}
    </div>
  );
}

function WhoValue({ way, value, onChange }: { way: WayToSay; value: string; onChange: (word: string) => void }) {
  const t = useDesignerWords();
  const { data: groups = [] } = useGroups();
  const { data: people = [] } = usePeopleCalled(way === "user" ? value : "");
  const suggested = {
    group: groups.map(({ name }) => name),
    lead: groups.map(({ name }) => name),
    user: people.flatMap(({ email }) => (email ? [email] : [])),
    role: ["requester", "agent", "manager", "admin"],
    manager_of: ["requester", "assignee", "owner"],
  }[way as string];
  const shared = { "aria-label": t("who.value"), placeholder: t("who.value"), mt: 6, value };
  if (!suggested) return <TextInput {...shared} onChange={(event) => onChange(event.currentTarget.value)} />;
  return <Autocomplete {...shared} data={[...new Set(suggested)]} onChange={onChange} />;
}
