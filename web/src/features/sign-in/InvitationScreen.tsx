import { Button, PasswordInput, Stack } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { Failure } from "~/shared/look/Failure";
import { useAcceptInvitation } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import { Welcome } from "./Welcome";

const MIN_PASSWORD_CHARS = 8;

/** Where an invitation's link leads: choosing a password, which signs in too. */
export function InvitationScreen() {
  const t = useWords();
  const navigate = useNavigate();
  const { token } = useSearch({ from: "/invitation" });
  const [password, setPassword] = useState("");
  const accepting = useAcceptInvitation();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    accepting.mutate({ token, password }, { onSuccess: () => void navigate({ to: "/", replace: true }) });
  };
  return (
    <Welcome title={t("invitation.title")} text={t("invitation.text")}>
      <form onSubmit={submit}>
        <Stack>
          {accepting.error && <Failure error={accepting.error} title={t("invitation.failed")} />}
          <PasswordInput
            label={t("invitation.password")}
            name="new-password"
            autoComplete="new-password"
            minLength={MIN_PASSWORD_CHARS}
            required
            autoFocus
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": t("signIn.showPassword") }}
          />
          <Button type="submit" loading={accepting.isPending} fullWidth>
            {t("invitation.submit")}
          </Button>
        </Stack>
      </form>
    </Welcome>
  );
}
