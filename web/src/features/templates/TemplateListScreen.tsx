import { Button, SegmentedControl, Skeleton, Stack, Text } from "@mantine/core";
import { IconPlus, IconSitemap } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Empty } from "~/shared/look/Empty";
import { Failure } from "~/shared/look/Failure";
import { PageHead } from "~/shared/look/PageHead";
import { SearchBox } from "~/shared/look/SearchBox";
import { useWords } from "~/shared/words";
import { useDesignerWords } from "../designer/words/words";
import { NewTemplate } from "./NewTemplate";
import { TemplateRow } from "./TemplateRow";
import { useTemplates } from "./templates";
import css from "./templates.module.css";

const STATUSES = ["all", "published", "draft", "archived"] as const;

/** The desk's workflows, and beginning a new one. */
export function TemplateListScreen() {
  const t = useDesignerWords();
  const words = useWords();
  const search = useSearch({ from: "/signed-in/templates" });
  const navigate = useNavigate({ from: "/templates" });
  const list = useTemplates(search);
  const isFiltered = search.q !== undefined || search.status !== undefined;
  const startNew = (isNew: boolean) =>
    void navigate({ search: ({ new: _, ...now }) => (isNew ? { ...now, new: true } : now), replace: !isNew });
  return (
    <>
      <PageHead title={t("templates.title")}>
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => startNew(true)}>
          {t("templates.new")}
        </Button>
      </PageHead>
      <div className={css.filters}>
        <SearchBox
          label={t("templates.search")}
          value={search.q ?? ""}
          onSearch={(q) => void navigate({ search: ({ q: _, ...now }) => (q ? { ...now, q } : now), replace: true })}
        />
        <SegmentedControl
          size="xs"
          aria-label={t("templates.all")}
          data={STATUSES.map((value) => ({
            value,
            label: value === "all" ? t("templates.all") : t(`status.${value}`),
          }))}
          value={search.status ?? "all"}
          onChange={(status) =>
            void navigate({
              search: ({ status: _, ...now }) => (status === "all" ? now : { ...now, status: status as "draft" }),
              replace: true,
            })
          }
        />
        {list.total !== undefined && (
          <Text size="sm" c="dimmed">
            {t("templates.count", { count: list.total })}
          </Text>
        )}
      </div>
      {list.error && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && (
        <Stack gap="xs" role="status" aria-label={words("waiting")}>
          <Skeleton height={68} />
          <Skeleton height={68} />
          <Skeleton height={68} />
        </Stack>
      )}
      {list.templates.length > 0 && (
        <ul className={css.list}>
          {list.templates.map((template) => (
            <TemplateRow key={template.id} template={template} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button mt="md" variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t("templates.more")}
        </Button>
      )}
      {list.isSuccess && list.templates.length === 0 && (
        <Empty
          icon={IconSitemap}
          title={t(isFiltered ? "templates.noneFound" : "templates.none")}
          text={t(isFiltered ? "templates.noneFoundText" : "templates.noneText")}
        >
          <Button
            variant={isFiltered ? "default" : "filled"}
            onClick={() => (isFiltered ? void navigate({ search: {} }) : startNew(true))}
          >
            {t(isFiltered ? "templates.clear" : "templates.new")}
          </Button>
        </Empty>
      )}
      {search.new && <NewTemplate desk={list.templates} onClose={() => startNew(false)} />}
    </>
  );
}
