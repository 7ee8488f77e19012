import createClient, { type Middleware } from "openapi-fetch";
import { sessionEnded } from "~/shared/session/ended";
import { t } from "~/shared/words";
import { Refused, refusalIn } from "./refused";
import type { paths } from "./schema";

const CSRF_COOKIE = "wayline_csrf";

/** The page's token, which a session's writes must send back. */
export function csrfToken(cookies: string = document.cookie): string {
  const found = cookies.split("; ").find((cookie) => cookie.startsWith(`${CSRF_COOKIE}=`));
  return found ? found.slice(CSRF_COOKIE.length + 1) : "";
}

const session: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET") request.headers.set("x-csrf-token", csrfToken());
    return request;
  },
  onResponse({ request, response }) {
    if (response.status === 401 && !request.url.endsWith("/auth/login")) sessionEnded();
    return response;
  },
};

/** The API, typed from its own description. */
export const api = createClient<paths>({ baseUrl: "" });
api.use(session);

interface Fetched {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/** The answer of a call as `T`, or a `Refused`. Name `T` only where the API does not describe its answer itself. */
export async function answered<T>(call: Promise<Fetched & { data?: T }>): Promise<T> {
  let fetched: Fetched & { data?: T };
  try {
    fetched = await call;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new Refused({ status: 0, code: "unreachable", message: t("failure.unreachable") });
  }
  const { data, error, response } = fetched;
  if (!response.ok) throw refusalIn(error, response.status, response.headers.get("x-request-id"));
  return data as T;
}

/** The answer of an address whose answer the API's description leaves open. */
export function answeredAs<T>(call: Promise<Fetched>): Promise<T> {
  return answered(call) as Promise<T>;
}
