export { type Log, type LogLevel, silentLog } from "./log.js";
export { openLog } from "./open-log.js";
export { codeOf, reasonOf } from "./reason.js";
