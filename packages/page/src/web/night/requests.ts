/** An answer that is an error, in the scheduler's words. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** `UNREACHABLE` if there was no answer. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface SentRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: object;
}

/**
 * Asks the scheduler that served this page, which has the same version: so answers have the type that is expected.
 *
 * @throws RequestError
 */
export async function ask<Answer>({ method, path, body }: SentRequest): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
  } catch {
    throw new RequestError("UNREACHABLE", "The scheduler does not answer. Try again.");
  }
  const text = await response.text();
  if (!response.ok) throw errorIn(text, response.status);
  return JSON.parse(text === "" ? "null" : text);
}

function errorIn(text: string, status: number): RequestError {
  try {
    const { code, message }: { code?: unknown; message?: unknown } = JSON.parse(text);
    if (typeof code === "string" && typeof message === "string")
      return new RequestError(code, message);
  } catch {
    // A proxy may answer with HTML.
  }
  return new RequestError("FAILED", `The request failed with status ${status}.`);
}
