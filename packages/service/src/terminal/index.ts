export { print, printError } from "./printable.js";
export { clock, type Progress, progressBar, whole } from "./progress.js";
export { facts, listing, markdownTable, table } from "./table.js";
