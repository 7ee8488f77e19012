import { useWords } from "~/shared/words";
import { SignInForm } from "./SignInForm";
import { Welcome } from "./Welcome";

/** For who is not signed in, at whatever address. */
export default function SignInScreen() {
  const t = useWords();
  return (
    <Welcome title={t("signIn.title")} text={t("signIn.text")}>
      <SignInForm />
    </Welcome>
  );
}
