export { markdownTable } from "./markdown-table.js";
export { clock, type Progress, progressBar, whole } from "./progress.js";
export { facts, listing, table } from "./table.js";
