import { levelWidths } from "@nightbeam/catalogue";
import { openCatalogue, writePreparedCatalogue } from "@nightbeam/dataset";
import { whole } from "@nightbeam/service/terminal";
import { Command } from "commander";

/** `nightbeam catalogue` */
export function catalogueCommand(): Command {
  return new Command("catalogue")
    .argument(
      "<file>",
      "an index in JSON, Parquet, CSV, JSON lines, info.txt, or prepared; .gz too",
    )
    .option("--out <file>", "write a prepared file, which loads faster")
    .action(async (file: string, { out }: { out?: string }) => {
      const catalogue = await openCatalogue(file);
      const [, ...widths] = levelWidths(catalogue.trie);
      process.stdout.write(
        `${whole(catalogue.itemCount)} items, ${catalogue.trie.levels} levels; prefixes by length: ${widths.map(whole).join(" / ")}\nhash ${catalogue.hash}\n`,
      );
      if (out === undefined) return;
      await writePreparedCatalogue(catalogue, out);
      process.stdout.write(`wrote ${out}; pass it as --catalogue\n`);
    });
}
