import { connect } from "node:net";

/**
 * Whether something at an address greets as a NATS server does. Asked before the client connects,
 * because the client keeps its socket for ever when a server accepts and then says nothing.
 *
 * @returns undefined, or why not
 */
export function whyNoAnswer(options: {
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
    const abort = () => finish("given up");
    const timer = setTimeout(() => finish(`no answer within ${timeoutMs} ms`), timeoutMs);
    signal.addEventListener("abort", abort);
    socket.once("data", (data) => {
      finish(data.toString("latin1").startsWith("INFO ") ? undefined : "it is no NATS server");
    });
    socket.once("error", (error) => finish(error.message || "connection refused"));
    socket.once("close", () => finish("it hung up"));
    if (signal.aborted) abort();
  });
}
