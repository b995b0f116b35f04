import type { Log } from "@nightbeam/service/log";

/** Where this package's connections say what happens to them. */
export type ConnectionLog = Pick<Log, "info" | "warn">;
