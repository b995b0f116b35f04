import { reasonOf } from "@nightbeam/service/log";
import { type KV, NatsError } from "nats";
import type { Link } from "../connection/link.js";
import { ControlError } from "../errors.js";

/** Values kept per name. */
const HISTORY = 5;

/**
 * Calls `work` with the bucket, and creates it if there is none. Opened for every call: after a restart of NATS
 * it may be gone or replaced.
 *
 * @throws ControlError NOT_CONNECTED, NO_BUCKET, BUCKET_REFUSED, CLOSED
 */
export async function withBucket<T>(
  options: { readonly link: Link; readonly bucket: string; readonly requestMs: number },
  work: (bucket: KV) => Promise<T>,
): Promise<T> {
  const { link, bucket: name, requestMs } = options;
  const connection = link.connection;
  if (connection === undefined) throw notConnected(link);
  try {
    const jetstream = connection.jetstream({ timeout: requestMs });
    return await work(await jetstream.views.kv(name, { history: HISTORY }));
  } catch (error) {
    throw connection.isClosed() ? notConnected(link, error) : bucketFailure(name, error);
  }
}

/** The error of a request without a connection to NATS. */
export function notConnected(link: Link, cause?: unknown): ControlError {
  return link.state === "closed"
    ? new ControlError("CLOSED", "the connection to NATS was closed by this process.", { cause })
    : new ControlError(
        "NOT_CONNECTED",
        link.problem === undefined
          ? "cannot reach NATS. Check that nats-server runs and that its address is right, then retry."
          : `cannot reach NATS: ${link.problem.replace(/\.$/, "")}. Then retry.`,
        { cause },
      );
}

function bucketFailure(name: string, error: unknown): ControlError {
  if (error instanceof ControlError) return error;
  const code = error instanceof NatsError ? error.code : undefined;
  const apiCode = error instanceof NatsError ? error.api_error?.code : undefined;
  if (code === "503" || apiCode === 503) {
    return new ControlError(
      "NO_BUCKET",
      `NATS has no bucket "${name}": JetStream is off. Start the server with \`nats-server -js\`.`,
      { cause: error },
    );
  }
  if (code === "TIMEOUT" || code === "DISCONNECT") {
    return new ControlError("NOT_CONNECTED", "NATS does not answer. Retry.", { cause: error });
  }
  return new ControlError(
    "BUCKET_REFUSED",
    `NATS refuses the bucket "${name}": ${reasonOf(error)}. See the log of the server.`,
    { cause: error },
  );
}
