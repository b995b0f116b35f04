import type { Closers } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import type { ServiceName } from "../metrics/definition.js";

export interface TracingOptions {
  readonly service: ServiceName;
  readonly version: string;
  /** The name of the node, if it has one. */
  readonly node?: string | undefined;
  readonly log: Pick<Log, "info" | "warn">;
  readonly closers: Closers;
  readonly env?: Readonly<Record<string, string | undefined>>;
}
