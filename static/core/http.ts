/** An answer that was not the wanted one: a stable code, never a sentence. */
export class HttpError extends Error {
  constructor(
    readonly code: string,
    readonly retryable: boolean,
    readonly status: number,
  ) {
    super(code);
  }
}

const ANSWER_MS = 10_000;

function toError(status: number, body: unknown): HttpError {
  const error = (body as { error?: { code?: unknown; retryable?: unknown } } | null)?.error;
  const code = typeof error?.code === "string" ? error.code : `http_${status}`;
  return new HttpError(code, error?.retryable === true || status >= 500, status);
}

/** Ask the page's own server; raises HttpError, with `unreachable` when nobody answered in 10 s. */
export async function ask<T>(path: string, body?: object): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      credentials: "same-origin",
      signal: AbortSignal.timeout(ANSWER_MS),
      ...(body === undefined
        ? {}
        : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    });
  } catch {
    throw new HttpError("unreachable", true, 0);
  }
  const parsed: unknown = await response.json().catch(() => null);
  if (!response.ok) throw toError(response.status, parsed);
  return parsed as T;
}

/** The rows of a list answer, whether bare or under their name. */
export function rowsOf<Row>(body: unknown, name: string): Row[] {
  const rows: unknown = Array.isArray(body) ? body : (body as Record<string, unknown> | null)?.[name];
  if (!Array.isArray(rows)) throw new HttpError("bad_answer", true, 200);
  return rows as Row[];
}

export const codeOf = (error: unknown): string => (error instanceof HttpError ? error.code : "failed");
