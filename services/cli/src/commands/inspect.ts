import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Catalogue } from "@nightbeam/catalogue";
import { openCatalogue, readHistories } from "@nightbeam/dataset";
import {
  type ExampleUser,
  inspectCheckpoint,
  PROJECTS,
  PROMPT_SPEC_FILE,
  promptColumns,
} from "@nightbeam/model";
import { oneOf, parseOptions, UsageError } from "@nightbeam/service";
import { printError } from "@nightbeam/service/terminal";
import { typedColumnsField } from "@nightbeam/settings";
import { Command } from "commander";
import { z } from "zod";
import { describeReport } from "../inspect/describe-report.js";
import { printResult, withJson } from "../output.js";

const schema = z.object({
  catalogue: z.string().optional(),
  histories: z.string().optional(),
  columns: typedColumnsField.optional(),
  like: oneOf(PROJECTS).optional(),
  out: z.string().optional(),
  write: z.boolean().optional(),
  json: z.boolean().optional(),
});

/** `nightbeam inspect` */
export function inspectCommand(): Command {
  return withJson(new Command("inspect"))
    .argument("<dir>", "Hugging Face checkpoint of the LLaMA or T5 family")
    .option("--catalogue <file>", "the items that the model recommends: its codes are looked up")
    .option("--histories <file>", "shows the prompt of its first user; needs --catalogue")
    .option(
      "--columns <names>",
      "columns of the histories, such as user=user_id,item=item_id,time=timestamp; common names are recognised",
    )
    .option(
      "--like <project>",
      `propose the prompts of ${PROJECTS.join(", ")} (default: what the checkpoint looks like)`,
    )
    .option("--out <file>", "write the proposed nightbeam.json to a file")
    .option("--write", "write the proposed nightbeam.json into the directory")
    .action(async (directory: string, flags: Record<string, unknown>) => {
      const options = parseOptions(schema, flags);
      const { like } = options;
      const out = outputOf(directory, options);
      const catalogue = options.catalogue && (await openCatalogue(options.catalogue));
      const report = await inspectCheckpoint({
        directory,
        ...(like && { like }),
        ...(catalogue && { catalogue }),
        ...(catalogue &&
          options.histories && { user: await firstUser({ ...options, directory }, catalogue) }),
      });
      printResult(options, { value: report, text: describeReport(report) });
      if (out === undefined) return;
      if (report.proposal === undefined) {
        throw new UsageError(
          "BAD_OPTION",
          `${directory} has a ${PROMPT_SPEC_FILE}, so none is proposed: --out needs --like then`,
        );
      }
      await writeFile(out, `${JSON.stringify(report.proposal.spec, null, 2)}\n`);
      printError(`wrote ${out}\n`);
    });
}

/** The file that the proposal is written to. @throws UsageError if it would replace one */
function outputOf(
  directory: string,
  { out, write, histories, catalogue }: z.output<typeof schema>,
): string | undefined {
  if (histories !== undefined && catalogue === undefined) {
    throw new UsageError("BAD_OPTION", "--histories needs --catalogue, which has the items' codes");
  }
  if (out !== undefined && write) {
    throw new UsageError("BAD_OPTION", "give either --out or --write");
  }
  const path = write ? join(directory, PROMPT_SPEC_FILE) : out;
  if (path === undefined || !existsSync(path)) return path;
  throw new UsageError("BAD_OPTION", `${path} exists already; remove it, or give another --out`);
}

/** The first user of whom the catalogue has an item, with those items. */
async function firstUser(
  options: z.output<typeof schema> & { readonly directory: string },
  catalogue: Catalogue,
): Promise<ExampleUser> {
  const { histories: path = "", columns, directory } = options;
  const isWritten = existsSync(join(directory, PROMPT_SPEC_FILE)) && options.like === undefined;
  const texts = isWritten ? await promptColumns(directory) : [];
  for await (const rows of readHistories({ path, columns, texts })) {
    for (const row of rows) {
      if (row.kind !== "history") continue;
      const items = row.items.filter((id) => catalogue.itemIndex(id) !== undefined);
      if (items.length > 0) return { name: row.user, history: items, texts: row.texts };
    }
  }
  throw new UsageError("BAD_OPTION", `--histories ${path} has no item of the catalogue`);
}
