import { readTls, UsageError } from "@nightbeam/service";
import type { ServiceDeps } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import { readCredentials } from "./connection/credentials.js";
import { type Control, openControl } from "./control.js";
import { ControlError } from "./errors.js";

/** The options of a service that decide its control plane; keys are flags in camelCase. */
export interface ControlFlags {
  readonly nats?: string | undefined;
  readonly natsCreds?: string | undefined;
  readonly natsNkey?: string | undefined;
  readonly namespace: string;
  readonly clusterKey?: string | undefined;
  readonly tlsCa?: string | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
}

/**
 * Opens the control plane of a service if NATS servers are named. It is closed after the service.
 *
 * @throws UsageError BAD_OPTION if the list of servers, the credentials or a certificate are invalid; never because
 * NATS cannot be reached
 */
export async function withControl(
  { log, nameOf, closers }: ServiceDeps,
  { service, options }: { readonly service: string; readonly options: ControlFlags },
): Promise<{ readonly log: Log; readonly control?: Control }> {
  const { nats } = options;
  if (nats === undefined) {
    const unused = (["natsCreds", "natsNkey"] as const).find((key) => options[key] !== undefined);
    if (unused === undefined) return { log };
    throw new UsageError(
      "BAD_OPTION",
      `${nameOf(unused)} without --nats: name the servers as well`,
    );
  }
  const control = await controlOf(
    { ...options, nats },
    { name: `nightbeam ${service}`, log, nameOf },
  );
  closers.add("NATS connection", () => control.close());
  return { log, control };
}

/** Opens a control plane with the options of a command. @throws UsageError BAD_OPTION */
export async function controlOf(
  options: ControlFlags & { readonly nats: string },
  { log, nameOf, name }: Pick<ServiceDeps, "log" | "nameOf"> & { readonly name: string },
): Promise<Control> {
  const { nats: servers, namespace, clusterKey } = options;
  const credentials = await readCredentials(options, log);
  // The service itself reads these files as well, and logs what is wrong with them.
  const tls = await readTls(options);
  try {
    return await openControl({ servers, name, namespace, clusterKey, credentials, tls, log });
  } catch (cause) {
    if (!(cause instanceof ControlError) || cause.code !== "BAD_SERVERS") throw cause;
    // The value is not shown: it may contain a password.
    throw new UsageError("BAD_OPTION", `${nameOf("nats")}: ${cause.message}`, { cause });
  }
}
