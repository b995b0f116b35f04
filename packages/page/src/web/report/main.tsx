import { render } from "preact";
import type { ReportData } from "../../report/report-data.js";
import { Report } from "./report.js";

const root = document.getElementById("report");
const json = document.getElementById("data")?.textContent;
if (root !== null && json !== undefined) {
  // Written by `reportPage` of the same version.
  const data: ReportData = JSON.parse(json);
  root.replaceChildren();
  render(<Report data={data} />, root);
}
