import { join, resolve } from "node:path";
import { readTitles } from "@nightbeam/dataset";
import { type ReportData, readReport, reportPage } from "@nightbeam/page";
import { parseOptions } from "@nightbeam/service";
import { whole } from "@nightbeam/service/terminal";
import { writeDurably } from "@nightbeam/store";
import { Command } from "commander";
import { z } from "zod";
import { printResult, withJson } from "../output.js";

const schema = z.object({
  titles: z.string().optional(),
  against: z.string().optional(),
  out: z.string().optional(),
  json: z.boolean().optional(),
});

/** `nightbeam report` */
export function reportCommand(): Command {
  return withJson(new Command("report"))
    .argument("<run>", "the --out of a finished run, of one machine or of a cluster in a directory")
    .option(
      "--titles <file>",
      'what items are called: {"17": "title"}, or a table with the columns item_id and title',
    )
    .option("--against <run>", "compare with the lists of another finished run")
    .option("--out <file>", "the HTML file (default: report.html in the run's directory)")
    .action(async (run: string, flags: Record<string, unknown>) => {
      const { titles, against, out = join(run, "report.html"), json } = parseOptions(schema, flags);
      const data = await readReport({
        out: run,
        titles: titles === undefined ? undefined : await readTitles(titles),
        against,
      });
      const page = await reportPage(data);
      await writeDurably(out, page);
      const value = { report: resolve(out), bytes: Buffer.byteLength(page), ...shownOf(data) };
      printResult({ json }, { value, text: textOf(value) });
    });
}

interface Shown {
  readonly lists: number;
  readonly users: number;
  readonly searches: number;
  readonly untitled: number;
}

function shownOf({ lists, users, searches, titles }: ReportData): Shown {
  const untitled = titles.filter((title) => title === null).length;
  return { lists: lists.length, users, searches: searches.length, untitled };
}

function textOf(written: Shown & { readonly report: string; readonly bytes: number }): string {
  const { report, bytes, lists, users, searches } = written;
  const shown = lists < users ? `${whole(lists)} of ${whole(users)}` : whole(users);
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
  return `${report}: ${shown} lists and ${searches} searches, ${size}. It needs no server: open it in a browser.`;
}
