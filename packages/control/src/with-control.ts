import { UsageError } from "@nightbeam/service";
import type { ServiceDeps } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import { type Control, openControl } from "./control.js";
import { ControlError } from "./errors.js";

/**
 * What a service starts with: its log and, if NATS servers are named, the control plane, which is
 * closed after the service.
 *
 * @throws UsageError BAD_OPTION if they are not a list of servers; never because NATS is away
 */
export async function withControl(
  { log, nameOf, onClose }: ServiceDeps,
  options: { readonly service: string; readonly servers: string | undefined },
): Promise<{ readonly log: Log; readonly control?: Control }> {
  const { service, servers } = options;
  if (servers === undefined) return { log };
  try {
    const control = await openControl({ servers, name: `nightbeam ${service}`, log });
    onClose(() => control.close());
    return { log, control };
  } catch (cause) {
    if (!(cause instanceof ControlError) || cause.code !== "BAD_SERVERS") throw cause;
    // Without the value: it may hold a password.
    throw new UsageError("BAD_OPTION", `${nameOf("nats")}: ${cause.message}`, { cause });
  }
}
