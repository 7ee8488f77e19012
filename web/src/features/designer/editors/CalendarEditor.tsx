import { Autocomplete } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Page } from "~/shared/api/answers";
import { answeredAs, api } from "~/shared/api/client";
import type { Editing } from "./editing";

/** One of the desk's calendars, by name. */
export function CalendarEditor({ label, help, value, error, onChange }: Editing<"calendar">) {
  const { data = [] } = useQuery({
    queryKey: ["calendars"],
    queryFn: async () => {
      const query = { limit: 100 };
      return (await answeredAs<Page<{ name: string }>>(api.GET("/api/v1/calendars", { params: { query } }))).data;
    },
    staleTime: 60_000,
  });
  return (
    <Autocomplete
      label={label}
      description={help}
      error={error}
      data={data.map(({ name }) => name)}
      value={String(value ?? "")}
      onChange={onChange}
    />
  );
}
