/** The desk that the tests are run against: a server that somebody else has started, with people and templates. */
interface Desk {
  address: string;
  password: string;
}

const given = process.env.WAYLINE_E2E;
if (!given)
  throw new Error("WAYLINE_E2E is not set: run these tests through tests/web, which starts a server for them");

export const desk: Desk = JSON.parse(given);

/** Ana asks, Bo resolves, Dee leads the service desk, Root administers. */
export type Who = "ana" | "bo" | "dee" | "root";

export const email = (who: Who) => `${who}@acme.example`;

/** Calls the API as somebody: for what a test needs and is not about. */
export async function asked<T>(who: Who, method: string, path: string, body?: unknown): Promise<T> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${await token(who)}` };
  const sent = await fetch(`${desk.address}/api/v1${path}`, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!sent.ok) throw new Error(`${method} ${path}: ${sent.status} ${await sent.text()}`);
  return sent.status === 204 ? (undefined as T) : (((await sent.json()) as { data: T }).data as T);
}

const tokens = new Map<Who, Promise<string>>();

function token(who: Who): Promise<string> {
  const known = tokens.get(who) ?? signIn(who);
  tokens.set(who, known);
  return known;
}

async function signIn(who: Who): Promise<string> {
  const sent = await fetch(`${desk.address}/api/v1/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: email(who), password: desk.password }),
  });
  return ((await sent.json()) as { data: { token: string } }).data.token;
}
