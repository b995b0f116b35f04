export type { Log, LogLevel } from "./log.js";
export { silentLog } from "./log.js";
export type { LineSink, LogOptions } from "./open-log.js";
export { openLog } from "./open-log.js";
export { codeOf, reasonOf } from "./reason.js";
