import { connect } from "node:net";

/**
 * Checks that a NATS server answers at an address. Called before the client connects, because the client
 * never closes its socket to a server that accepts and then stays silent.
 *
 * @returns undefined, or why there is no answer
 */
export function checkServer(options: {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}): Promise<string | undefined> {
  const { host, port, timeoutMs, signal } = options;
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (reason: string | undefined) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      socket.destroy();
      resolve(reason);
    };
    const abort = () => finish("cancelled");
    const timer = setTimeout(() => finish(`no answer within ${timeoutMs} ms`), timeoutMs);
    signal.addEventListener("abort", abort);
    socket.once("data", (data) => {
      finish(data.toString("latin1").startsWith("INFO ") ? undefined : "not a NATS server");
    });
    socket.once("error", (error) => finish(error.message || "connection refused"));
    socket.once("close", () => finish("connection closed"));
    if (signal.aborted) abort();
  });
}
