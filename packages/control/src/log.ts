import type { Log } from "@nightbeam/service/log";

/** What this package needs of a log. */
export type ControlLog = Pick<Log, "debug" | "info" | "warn">;
