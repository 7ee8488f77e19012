import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { Refused } from "~/shared/api/refused";
import { Failure } from "~/shared/look/Failure";
import { useSignIn } from "~/shared/session/me";
import { useWords } from "~/shared/words";

/** Address and password; the organisation too, once the server has asked which one. */
export function SignInForm({ email: known }: { email?: string | undefined }) {
  const t = useWords();
  const [email, setEmail] = useState(known ?? "");
  const [password, setPassword] = useState("");
  const [tenant, setTenant] = useState("");
  const { mutate, isPending, error } = useSignIn();
  const refused = error instanceof Refused ? error : null;
  const asksWhich = refused?.code === "ambiguous_tenant" || tenant !== "";

  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate(asksWhich && tenant ? { email, password, tenant } : { email, password });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        {error && <Failure error={error} title={t("signIn.failed")} />}
        <TextInput
          label={t("signIn.email")}
          type="email"
          name="email"
          autoComplete="username"
          required
          autoFocus={!known}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={t("signIn.password")}
          name="password"
          autoComplete="current-password"
          required
          autoFocus={!!known}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": t("signIn.showPassword") }}
        />
        {asksWhich && (
          <TextInput
            label={t("signIn.tenant")}
            name="tenant"
            required
            value={tenant}
            onChange={(event) => setTenant(event.currentTarget.value)}
          />
        )}
        <Button type="submit" loading={isPending} fullWidth>
          {t("signIn.submit")}
        </Button>
      </Stack>
    </form>
  );
}
