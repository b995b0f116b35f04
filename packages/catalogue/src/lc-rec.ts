import { buildCatalogue, type CatalogueEntry } from "./build.js";
import type { Catalogue } from "./catalogue.js";
import { type PathValue, parseCodePath } from "./code-path.js";
import { CatalogueError } from "./errors.js";
import { excerpt } from "./excerpt.js";
import { JsonScanner } from "./json-scanner.js";

/**
 * A catalogue from the text of an LC-Rec index file:
 * `{"<item id>": ["<a_47>", "<b_103>", …], …}`, where the letter of a token is its level's: a for
 * the first code, b for the second, and so on. The other spellings of `parseCodePath` are read as well.
 *
 * Throws CatalogueError BAD_JSON for text of another shape, BAD_CODE for a malformed token or one of
 * another level, and what buildCatalogue throws; an item that the file lists twice is a
 * DUPLICATE_ITEM.
 */
export function parseLcRecIndex(text: string): Catalogue {
  return buildCatalogue(entriesOf(text));
}

/** Several tokens: a key that is one is not an item's id. */
const CODE_PATH = /^(<[^<>]*\d[^<>]*>){2,}$/;

function inverseIndex(key: string): CatalogueError {
  return new CatalogueError({
    code: "BAD_ITEM_ID",
    problem: `The index has code paths as keys, such as ${excerpt(key)}`,
    remedy: 'Write it the other way round: {"<item id>": ["<a_1>", "<b_2>"]}',
  });
}

// Read with a scanner of its own, because JSON.parse silently keeps the last of two equal keys.
function* entriesOf(text: string): Generator<CatalogueEntry> {
  const scanner = new JsonScanner(text);
  scanner.expect("{", "at the start of the index");
  if (!scanner.accept("}")) {
    do {
      const id = scanner.string("an item id");
      const where = `item ${excerpt(id)}`;
      scanner.expect(":", `after ${where}`);
      if (CODE_PATH.test(id)) throw inverseIndex(id);
      yield { id, codes: parseCodePath(pathOf(scanner, where), where), where };
    } while (scanner.accept(","));
    scanner.expect("}", "or a comma after an item");
  }
  scanner.end();
}

function pathOf(scanner: JsonScanner, where: string): PathValue {
  if (scanner.isAt('"')) return scanner.string(`the codes of ${where}`);
  const codes: (string | number)[] = [];
  scanner.expect("[", `of ${where}`);
  if (scanner.accept("]")) return codes;
  do {
    const what = `a code token of ${where}`;
    codes.push(scanner.isAt('"') ? scanner.string(what) : scanner.number(what));
  } while (scanner.accept(","));
  scanner.expect("]", `or a comma among the codes of ${where}`);
  return codes;
}
