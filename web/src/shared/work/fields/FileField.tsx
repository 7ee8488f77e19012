import { CloseButton, FileInput, Group, Stack, Text } from "@mantine/core";
import { IconPaperclip } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { One } from "~/shared/api/answers";
import { answeredAs, api } from "~/shared/api/client";
import { Refused } from "~/shared/api/refused";
import { useDraft } from "~/shared/drafts/drafts";
import { useWords } from "~/shared/words";
import { type FieldProps, inputProps } from "./props";

async function upload(file: File): Promise<{ id: string; name: string }> {
  const content = new FormData();
  content.append("file", file);
  const sent = api.POST("/api/v1/files", { body: content as never, bodySerializer: (body) => body });
  return (await answeredAs<One<{ id: string; name: string }>>(sent)).data;
}

const NO_NAMES: Record<string, string> = {};

/** Files, uploaded as soon as they are chosen; the value is their ids, or the one id. */
export function FileField(props: FieldProps) {
  const t = useWords();
  const { field, value, onChange, error } = props;
  const names = useDraft("files", NO_NAMES);
  const ids = Array.isArray(value) ? value.map(String) : value ? [String(value)] : [];
  const give = (next: string[]) => onChange(field.multiple ? next : (next[0] ?? ""));

  const sending = useMutation({
    mutationFn: (files: File[]) => Promise.all(files.map(upload)),
    onSuccess: (done) => {
      names.change({ ...names.value, ...Object.fromEntries(done.map((file) => [file.id, file.name])) });
      const added = done.map((file) => file.id);
      give(field.multiple ? [...ids, ...added] : added);
    },
  });
  const refused = sending.error instanceof Refused ? sending.error.message : undefined;
  const shared = {
    ...inputProps(props),
    error: refused ?? error,
    value: [] as File[],
    disabled: sending.isPending,
    leftSection: <IconPaperclip size={16} aria-hidden />,
    placeholder: sending.isPending ? t("work.uploading") : t("work.chooseFile"),
  };
  return (
    <Stack gap={6}>
      <FileInput
        {...shared}
        multiple
        onChange={(files: File[]) => files.length && sending.mutate(field.multiple ? files : files.slice(0, 1))}
      />
      {ids.map((id) => (
        <Group key={id} gap="xs" wrap="nowrap">
          <Text size="sm">{names.value[id] ?? t("work.file")}</Text>
          <CloseButton
            size="sm"
            aria-label={t("work.removeFile", { name: names.value[id] ?? "" })}
            onClick={() => give(ids.filter((other) => other !== id))}
          />
        </Group>
      ))}
    </Stack>
  );
}
