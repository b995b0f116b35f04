import { join } from "node:path";
import { directoryFiles } from "@nightbeam/store";
import type { PaperReport } from "./paper.js";
import { plotCurves } from "./plot.js";
import { describePaper } from "./report.js";

const FILES = { markdown: "paper.md", json: "paper.json", plot: "paper.svg" };

/** Writes the report into a directory. @returns its Markdown and the paths @throws StoreError */
export async function writePaper(
  report: PaperReport,
  directory: string,
): Promise<{ markdown: string; paths: readonly string[] }> {
  const files = directoryFiles(directory);
  const markdown = describePaper(report, { plot: FILES.plot });
  const bytes = (text: string) => new TextEncoder().encode(text);
  await files.replace(FILES.markdown, bytes(markdown));
  await files.replace(FILES.json, bytes(`${JSON.stringify(report, null, 2)}\n`));
  const names = [FILES.markdown, FILES.json];
  if (report.curves.length > 0) {
    await files.replace(FILES.plot, bytes(plotCurves(report.curves)));
    names.push(FILES.plot);
  }
  return { markdown, paths: names.map((name) => join(directory, name)) };
}
