import {
  type Catalogue,
  levelWidths,
  type SharedPath,
  type SharedPaths,
  sharedPaths,
} from "@nightbeam/catalogue";
import { openCatalogue, writePreparedCatalogue } from "@nightbeam/dataset";
import { printError, whole } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { printResult, withJson } from "../output.js";

/** Shared paths, and items of each, that are shown. */
const EXAMPLES = 3;
const EXAMPLE_ITEMS = 5;

/** `nightbeam catalogue` */
export function catalogueCommand(): Command {
  return withJson(new Command("catalogue"))
    .argument(
      "<file>",
      "an index in JSON, Parquet, CSV, JSON lines, info.txt, or prepared; .gz and .zst too",
    )
    .option("--out <file>", "write a prepared file, which loads faster")
    .action(async (file: string, flags: { out?: string; json?: boolean }) => {
      const catalogue = await openCatalogue(file);
      const { itemCount: items, hash, trie } = catalogue;
      const [, ...prefixes] = levelWidths(trie);
      const shared = sharedPaths(catalogue, { examples: EXAMPLES });
      const value = {
        items,
        levels: trie.levels,
        prefixes,
        hash,
        shared: { paths: shared.paths, items: shared.items },
      };
      const size = `${counted(items, "item")}, ${trie.levels} levels; prefixes by length: ${prefixes.map(whole).join(" / ")}`;
      const text = [size, `hash ${hash}`, ...sharedLines(catalogue, shared)].join("\n");
      printResult(flags, { value, text });
      const { out } = flags;
      if (out === undefined) return;
      await writePreparedCatalogue(catalogue, out);
      printError(`wrote ${out}; pass it as --catalogue\n`);
    });
}

/** Which code paths several items share: the target cannot tell these apart. */
function sharedLines(catalogue: Catalogue, { paths, items, largest }: SharedPaths): string[] {
  if (paths === 0) return ["no two items share a code path"];
  const lines = largest.map((one) => `  ${exampleText(catalogue, one)}`);
  const order =
    "these have equal scores; --item-order says which come first, --items-per-path how many";
  return [`${counted(items, "item")} on ${counted(paths, "shared code path")}: ${order}`, ...lines];
}

function exampleText(catalogue: Catalogue, { codes, items }: SharedPath): string {
  const shown = [...items.subarray(0, EXAMPLE_ITEMS)].map((item) => catalogue.itemId(item));
  const more = items.length > EXAMPLE_ITEMS ? ", …" : "";
  return `${codes.join(" ")}: ${counted(items.length, "item")}, ${shown.join(", ")}${more}`;
}

function counted(count: number, what: string): string {
  return `${whole(count)} ${what}${count === 1 ? "" : "s"}`;
}
