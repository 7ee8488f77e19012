import { Center, Container, Loader, VisuallyHidden } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { Refused } from "~/shared/api/refused";
import { Failure } from "~/shared/look/Failure";
import { meQuery } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import { Shell } from "./shell/Shell";

const SignInScreen = lazy(() => import("~/features/sign-in/SignInScreen"));

/** The screens of who is signed in; everybody else sees the sign-in at the same address, and comes back to it. */
export function SignedIn() {
  const t = useWords();
  const { data, error, refetch, isFetching } = useQuery(meQuery);
  if (data) {
    return (
      <Shell>
        <Outlet />
      </Shell>
    );
  }
  if (error instanceof Refused && error.status === 401) {
    return (
      <Suspense>
        <SignInScreen />
      </Suspense>
    );
  }
  if (error && !isFetching) {
    return (
      <Container size="xs" py="xl" component="main">
        <Failure error={error} retry={() => void refetch()} />
      </Container>
    );
  }
  return (
    <Center h="100dvh" component="main">
      <Loader type="dots" />
      <VisuallyHidden role="status">{t("waiting")}</VisuallyHidden>
    </Center>
  );
}
