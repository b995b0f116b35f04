import { UsageError } from "@nightbeam/service";
import type { ServiceDeps } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import { type Control, openControl } from "./control.js";
import { ControlError } from "./errors.js";

/**
 * Opens the control plane of a service if NATS servers are named. It is closed after the service.
 *
 * @throws UsageError BAD_OPTION if the list of servers is invalid; never because NATS cannot be reached
 */
export async function withControl(
  { log, nameOf, closers }: ServiceDeps,
  {
    service,
    options,
  }: {
    readonly service: string;
    readonly options: { readonly nats?: string | undefined; readonly namespace: string };
  },
): Promise<{ readonly log: Log; readonly control?: Control }> {
  const { nats: servers, namespace } = options;
  if (servers === undefined) return { log };
  try {
    const control = await openControl({ servers, name: `nightbeam ${service}`, namespace, log });
    closers.add("NATS connection", () => control.close());
    return { log, control };
  } catch (cause) {
    if (!(cause instanceof ControlError) || cause.code !== "BAD_SERVERS") throw cause;
    // The value is not shown: it may contain a password.
    throw new UsageError("BAD_OPTION", `${nameOf("nats")}: ${cause.message}`, { cause });
  }
}
