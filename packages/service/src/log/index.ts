export { type Log, type LogLevel, silentLog } from "./log.js";
export { type LineSink, type LogOptions, openLog } from "./open-log.js";
export { codeOf, reasonOf } from "./reason.js";
