import { reasonOf } from "@nightbeam/service/log";
import { type KV, NatsError } from "nats";
import type { Link } from "../connection/link.js";
import { ControlError } from "../errors.js";

const BUCKET = "nightbeam-rollouts";
/** Values kept a name. */
const HISTORY = 5;

/**
 * Does something with the bucket, which is made where it is missing. Opened anew each time: after a
 * restart of NATS it may be gone, or another.
 *
 * @throws ControlError NOT_CONNECTED, NO_BUCKET, BUCKET_REFUSED, CLOSED
 */
export async function withBucket<T>(
  options: { readonly link: Link; readonly requestMs: number },
  work: (bucket: KV) => Promise<T>,
): Promise<T> {
  const { link, requestMs } = options;
  const connection = link.connection;
  if (connection === undefined) throw notConnected(link);
  try {
    const jetstream = connection.jetstream({ timeout: requestMs });
    return await work(await jetstream.views.kv(BUCKET, { history: HISTORY }));
  } catch (error) {
    throw connection.isClosed() ? notConnected(link, error) : bucketFailure(error);
  }
}

/** Why nothing can be asked of NATS now. */
export function notConnected(link: Link, cause?: unknown): ControlError {
  return link.state === "closed"
    ? new ControlError("CLOSED", "the connection to NATS was closed by this process.", { cause })
    : new ControlError(
        "NOT_CONNECTED",
        "NATS is away. Check that nats-server runs and that its address is right; then try again.",
        { cause },
      );
}

function bucketFailure(error: unknown): ControlError {
  if (error instanceof ControlError) return error;
  const code = error instanceof NatsError ? error.code : undefined;
  const apiCode = error instanceof NatsError ? error.api_error?.code : undefined;
  if (code === "503" || apiCode === 503) {
    return new ControlError(
      "NO_BUCKET",
      `NATS has no bucket "${BUCKET}": JetStream is off. Start the server with \`nats-server -js\`.`,
      { cause: error },
    );
  }
  if (code === "TIMEOUT" || code === "DISCONNECT") {
    return new ControlError("NOT_CONNECTED", "NATS does not answer. Try again.", { cause: error });
  }
  return new ControlError(
    "BUCKET_REFUSED",
    `NATS refuses the bucket "${BUCKET}": ${reasonOf(error)}. Look into the server's log.`,
    { cause: error },
  );
}
