import { levelWidths } from "@nightbeam/catalogue";
import { openCatalogue, writePreparedCatalogue } from "@nightbeam/dataset";
import { whole } from "@nightbeam/service/terminal";
import { Command } from "commander";

/** `nightbeam catalogue` */
export function catalogueCommand(): Command {
  return new Command("catalogue")
    .description("check a catalogue, say what it holds, and prepare it for fast loading")
    .argument("<file>", "LC-Rec JSON, Parquet, CSV, JSONL or prepared")
    .option("--out <file>", "write it as a prepared file")
    .action(async (file: string, { out }: { out?: string }) => {
      const catalogue = await openCatalogue(file);
      const [, ...widths] = levelWidths(catalogue.trie);
      process.stdout.write(
        `${whole(catalogue.itemCount)} items, ${catalogue.trie.levels} levels; prefixes by length: ${widths.map(whole).join(" / ")}\nhash ${catalogue.hash}\n`,
      );
      if (out === undefined) return;
      await writePreparedCatalogue(catalogue, out);
      process.stdout.write(`${out} is prepared; give it as --catalogue.\n`);
    });
}
