import { readAsset } from "../assets.js";
import type { ReportData } from "./report-data.js";

/**
 * Makes the page of a report: one HTML file that needs nothing else. Its policy forbids every request, and every script
 * but its own.
 */
export async function reportPage(data: ReportData): Promise<string> {
  const [script, style] = await Promise.all([readAsset("report.js"), readAsset("style.css")]);
  const title = `Nightbeam: ${data.name}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="report"><main><h1>${escaped(title)}</h1><p>This report needs JavaScript.</p></main></div>
<script type="application/json" id="data">${jsonText(data)}</script>
<script>${script.replaceAll("</script", "<\\/script")}</script>
</body>
</html>
`;
}

/** JSON that cannot end its script element. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
