/** One thing that is wrong with what was sent; `path` leads to it, as `form_data.price`. */
export interface Issue {
  path: string;
  message: string;
  code: string;
}

interface Said {
  status: number;
  code: string;
  message: string;
  issues?: Issue[];
  details?: Record<string, unknown>;
  requestId?: string | null;
}

/** What the server refused, in its own words; `status` 0 when it could not be reached at all. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly issues: Issue[];
  readonly details: Record<string, unknown>;
  readonly requestId: string | null;

  constructor(said: Said) {
    super(said.message);
    this.name = "Refused";
    this.status = said.status;
    this.code = said.code;
    this.issues = said.issues ?? [];
    this.details = said.details ?? {};
    this.requestId = said.requestId ?? null;
  }

  /** Whether asking again, unchanged, may well go better. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

interface Envelope {
  error?: { code?: string; message?: string; details?: Record<string, unknown> & { issues?: Issue[] } };
  errors?: { code: string; message: string; field: string | null }[];
}

/** Reads a refusal out of an answer, whichever surface's envelope it came in. */
export function refusalIn(body: unknown, status: number, requestId: string | null): Refused {
  const { error, errors } = (typeof body === "object" && body !== null ? body : {}) as Envelope;
  if (error) {
    const details = error.details ?? {};
    return new Refused({
      status,
      requestId,
      code: typeof details.reason === "string" ? details.reason : (error.code ?? "unknown"),
      message: error.message ?? `HTTP ${status}`,
      issues: details.issues ?? [],
      details,
    });
  }
  const first = Array.isArray(errors) ? errors[0] : undefined;
  const issues = Array.isArray(errors) ? errors.filter((e) => e.field) : [];
  return new Refused({
    status,
    requestId,
    code: first?.code ?? "unknown",
    message: first?.message ?? `HTTP ${status}`,
    issues: issues.map((e) => ({ path: e.field ?? "", message: e.message, code: e.code })),
  });
}
