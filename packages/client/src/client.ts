import { setTimeout as sleep } from "node:timers/promises";
import { ClientError, type ClientErrorCode } from "./errors.js";
import {
  errorAnswerSchema,
  MAX_DEADLINE_MS,
  type RecommendAnswer,
  type RecommendRequest,
  recommendAnswerSchema,
} from "./messages.js";

export interface ClientOptions {
  /** Of the server, such as `http://127.0.0.1:7090`. */
  readonly url: string;
  /** The server's `--token`, if it has one. */
  readonly token?: string;
  /** Milliseconds that a call takes at most, retries included, if the request has no `deadlineMs`. Default: 2000. */
  readonly deadlineMs?: number;
  /** Retries of a call, at most. Default: 3. */
  readonly maxRetries?: number;
  /** Sends a request. Default: the global `fetch`, which keeps connections open. */
  readonly fetch?: typeof globalThis.fetch;
}

export interface CallOptions {
  /** Cancels the call; the server then stops computing. */
  readonly signal?: AbortSignal;
}

/** Asks a server for recommendations. Safe for any number of concurrent calls. */
export interface RecommendClient {
  /**
   * Returns a user's list. Calls are repeated, after the pause that the server asks for, while it is busy or cannot be
   * reached and there is time: repeating one is safe, as it changes nothing.
   *
   * @throws ClientError; the signal's reason once it is aborted
   */
  recommend(request: RecommendRequest, options?: CallOptions): Promise<RecommendAnswer>;
}

const DEADLINE_MS = 2_000;
const MAX_RETRIES = 3;
/** The pause before the first retry if the server names none; it doubles with each. */
const FIRST_PAUSE_MS = 50;

/** Codes of errors that a retry can help with. */
const PASSING: ReadonlySet<ClientErrorCode> = new Set(["BUSY", "UNAVAILABLE"]);

/** @throws ClientError BAD_OPTION */
export function openClient(options: ClientOptions): RecommendClient {
  const {
    deadlineMs: usualMs = DEADLINE_MS,
    maxRetries = MAX_RETRIES,
    fetch = globalThis.fetch,
  } = options;
  const url = endpointOf(options.url);
  const headers = {
    "content-type": "application/json",
    ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
  };

  const attempt = async (request: RecommendRequest, signal: AbortSignal) => {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: JSON.stringify(request),
      signal,
    });
    return readAnswer(response);
  };

  return {
    async recommend(request, { signal } = {}) {
      const until = performance.now() + (request.deadlineMs ?? usualMs);
      for (let tries = 0; ; tries++) {
        const leftMs = Math.max(1, Math.ceil(until - performance.now()));
        const deadline = AbortSignal.timeout(leftMs);
        const stop = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
        const deadlineMs = Math.min(leftMs, MAX_DEADLINE_MS);
        const failed = await attempt({ ...request, deadlineMs }, stop).then(
          (answer) => ({ answer }),
          (error: unknown) => ({ error }),
        );
        if ("answer" in failed) return failed.answer;
        signal?.throwIfAborted();
        const { error, retryAfterMs } = failureOf(failed.error, { url, isLate: deadline.aborted });
        // A random share keeps clients that failed together from coming back together.
        const pauseMs = (retryAfterMs ?? FIRST_PAUSE_MS * 2 ** tries) * (1 + Math.random() / 2);
        const isTime = performance.now() + pauseMs < until;
        if (!PASSING.has(error.code) || tries >= maxRetries || !isTime) throw error;
        await sleep(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(
          () => undefined,
        );
        signal?.throwIfAborted();
      }
    },
  };
}

/** An error that the server answered with. */
class Refusal extends Error {
  readonly error: ClientError;
  readonly retryAfterMs: number | undefined;

  constructor(error: ClientError, retryAfterMs: number | undefined) {
    super(error.message);
    this.error = error;
    this.retryAfterMs = retryAfterMs;
  }
}

/** @throws Refusal */
async function readAnswer(response: Response): Promise<RecommendAnswer> {
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) {
    const parsed = recommendAnswerSchema.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new Refusal(
      new ClientError(
        "BAD_ANSWER",
        `${response.url} did not answer with a list: ${parsed.error.message}`,
      ),
      undefined,
    );
  }
  const { data } = errorAnswerSchema.safeParse(body);
  const message = data?.message ?? `${response.url} answered with status ${response.status}`;
  const code = codeOf(response.status, data?.code);
  throw new Refusal(new ClientError(code, message, { reason: data?.reason }), data?.retryAfterMs);
}

function codeOf(status: number, code: string | undefined): ClientErrorCode {
  if (code === "UNKNOWN_USER" || code === "REJECTED" || code === "DEADLINE") return code;
  if (status === 401) return "UNAUTHORIZED";
  if (status === 429) return "BUSY";
  if (status >= 500) return "UNAVAILABLE";
  return code === "BAD_REQUEST" || code === "TOO_LARGE" ? "BAD_REQUEST" : "BAD_ANSWER";
}

function failureOf(
  failure: unknown,
  { url, isLate }: { readonly url: string; readonly isLate: boolean },
): { readonly error: ClientError; readonly retryAfterMs?: number | undefined } {
  if (failure instanceof Refusal) return failure;
  if (isLate) {
    const message = `${url} did not answer before the deadline`;
    return { error: new ClientError("DEADLINE", message, { cause: failure }) };
  }
  const reason = failure instanceof Error ? causeOf(failure) : String(failure);
  const message = `${url} cannot be reached: ${reason}. Check that the server runs.`;
  return { error: new ClientError("UNAVAILABLE", message, { cause: failure }) };
}

/** `fetch` hides what went wrong in the cause. */
function causeOf({ message, cause }: Error): string {
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
}

function endpointOf(url: string): string {
  try {
    return new URL("/v1/recommendations", url).href;
  } catch (cause) {
    throw new ClientError("BAD_OPTION", `url ${url}: give one such as http://127.0.0.1:7090`, {
      cause,
    });
  }
}
