export { type Log, type LogLevel, silentLog } from "./log.js";
export { codeOf, reasonOf } from "./reason.js";
