import { type Control, ControlError, type ControlLog, openControl } from "@nightbeam/control";
import { UsageError } from "../errors.js";

/**
 * The control plane of a service; undefined where it goes without.
 *
 * @param options.option what the servers were named with
 * @throws UsageError BAD_OPTION where they are no list of servers; never because NATS is away
 */
export async function openServiceControl(
  servers: string | undefined,
  options: { readonly service: string; readonly option: string; readonly log: ControlLog },
): Promise<Control | undefined> {
  if (servers === undefined) return undefined;
  const { service, option, log } = options;
  try {
    return await openControl({ servers, name: `nightbeam ${service}`, log });
  } catch (cause) {
    if (!(cause instanceof ControlError) || cause.code !== "BAD_SERVERS") throw cause;
    // Without the value: it may hold a password.
    throw new UsageError("BAD_OPTION", `${option}: ${cause.message}`, { cause });
  }
}
