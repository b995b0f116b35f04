export { type AssetName, readAsset } from "./assets.js";
export { type ReportOptions, readReport } from "./report/read-report.js";
export type { ReportData } from "./report/report-data.js";
export { reportPage } from "./report/report-page.js";
