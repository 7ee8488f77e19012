import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Me, One } from "~/shared/api/answers";
import { answered, answeredAs, api } from "~/shared/api/client";
import { forgetDrafts } from "~/shared/drafts/drafts";
import { sessionBegun } from "./ended";

/** Who is signed in. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async () => (await answeredAs<One<Me>>(api.GET("/api/v1/auth/me"))).data,
  staleTime: 5 * 60_000,
  retry: false,
});

/** The person signed in; only for screens inside the shell, where somebody is. */
export function useMe(): Me {
  const { data } = useQuery(meQuery);
  if (!data) throw new Error("nobody is signed in");
  return data;
}

/** What staff see that requesters do not. */
export function isStaff(me: Me): boolean {
  return me.role !== "requester";
}

/** Templates are read, and so started by hand, by managers and admins. */
export function readsTemplates(me: Me): boolean {
  return me.role === "manager" || me.role === "admin";
}

interface Credentials {
  email: string;
  password: string;
  tenant?: string;
}

/** Signing in; afterwards everything on the screen is read again. */
export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Credentials) => answered(api.POST("/api/v1/auth/login", { body })),
    onSuccess: async () => {
      sessionBegun();
      await client.invalidateQueries();
    },
  });
}

/** Taking an invitation up: sets the password and signs in. */
export function useAcceptInvitation() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { token: string; password: string }) => answered(api.POST("/api/v1/auth/invitation", { body })),
    onSuccess: async () => {
      sessionBegun();
      await client.invalidateQueries();
    },
  });
}

/** Signing out forgets everything this browser kept of the person, drafts too. */
export function useSignOut() {
  return useMutation({
    mutationFn: () => answered(api.POST("/api/v1/auth/logout")),
    onSettled: () => {
      forgetDrafts();
      // A page loaded anew knows nothing of what this one has read.
      location.assign("/");
    },
  });
}
