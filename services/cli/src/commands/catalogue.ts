import { type Catalogue, levelWidths, type SharedPath, sharedPaths } from "@nightbeam/catalogue";
import { openCatalogue, writePreparedCatalogue } from "@nightbeam/dataset";
import { print, whole } from "@nightbeam/service/terminal";
import { Command } from "commander";

/** Shared paths, and items of each, that are shown. */
const EXAMPLES = 3;
const EXAMPLE_ITEMS = 5;

/** `nightbeam catalogue` */
export function catalogueCommand(): Command {
  return new Command("catalogue")
    .argument(
      "<file>",
      "an index in JSON, Parquet, CSV, JSON lines, info.txt, or prepared; .gz and .zst too",
    )
    .option("--out <file>", "write a prepared file, which loads faster")
    .action(async (file: string, { out }: { out?: string }) => {
      const catalogue = await openCatalogue(file);
      const [, ...widths] = levelWidths(catalogue.trie);
      print(
        `${counted(catalogue.itemCount, "item")}, ${catalogue.trie.levels} levels; prefixes by length: ${widths.map(whole).join(" / ")}\nhash ${catalogue.hash}\n${sharedText(catalogue)}`,
      );
      if (out === undefined) return;
      await writePreparedCatalogue(catalogue, out);
      print(`wrote ${out}; pass it as --catalogue\n`);
    });
}

/** Which code paths several items share: the target cannot tell these apart. */
function sharedText(catalogue: Catalogue): string {
  const { paths, items, largest } = sharedPaths(catalogue, { examples: EXAMPLES });
  if (paths === 0) return "no two items share a code path\n";
  const lines = largest.map((one) => `  ${exampleText(catalogue, one)}\n`);
  const order =
    "these have equal scores; --item-order says which come first, --items-per-path how many";
  return `${counted(items, "item")} on ${counted(paths, "shared code path")}: ${order}\n${lines.join("")}`;
}

function exampleText(catalogue: Catalogue, { codes, items }: SharedPath): string {
  const shown = [...items.subarray(0, EXAMPLE_ITEMS)].map((item) => catalogue.itemId(item));
  const more = items.length > EXAMPLE_ITEMS ? ", …" : "";
  return `${codes.join(" ")}: ${counted(items.length, "item")}, ${shown.join(", ")}${more}`;
}

function counted(count: number, what: string): string {
  return `${whole(count)} ${what}${count === 1 ? "" : "s"}`;
}
