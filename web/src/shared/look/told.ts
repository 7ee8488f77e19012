import { notifications } from "@mantine/notifications";
import { Refused } from "~/shared/api/refused";
import { t } from "~/shared/words";

/** Says in passing that something was done. */
export function tellDone(message: string): void {
  notifications.show({ message, color: "teal", autoClose: 4_000 });
}

/** Says in passing why something was not done. */
export function tellFailed(error: unknown): void {
  const refused = error instanceof Refused ? error : null;
  const id = refused?.requestId && refused.status >= 500 ? ` (${t("failure.request", { id: refused.requestId })})` : "";
  notifications.show({ message: `${refused?.message ?? t("failure.bug")}${id}`, color: "red", autoClose: 8_000 });
}
