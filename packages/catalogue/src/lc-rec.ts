import { buildCatalogue, type CatalogueEntry } from "./build.js";
import type { Catalogue } from "./catalogue.js";
import { CatalogueError } from "./errors.js";
import { JsonScanner } from "./json-scanner.js";

/**
 * A catalogue from the text of an LC-Rec index file:
 * `{"<item id>": ["<a_47>", "<b_103>", …], …}`, where the letter of a token is its level's: a for
 * the first code, b for the second, and so on.
 *
 * Throws CatalogueError BAD_JSON for text of another shape, BAD_CODE for a malformed token or one of
 * another level, and what buildCatalogue throws; an item that the file lists twice is a
 * DUPLICATE_ITEM.
 */
export function parseLcRecIndex(text: string): Catalogue {
  return buildCatalogue(entriesOf(text));
}

// Read with a scanner of its own, because JSON.parse silently keeps the last of two equal keys.
function* entriesOf(text: string): Generator<CatalogueEntry> {
  const scanner = new JsonScanner(text);
  scanner.expect("{", "at the start of the index");
  if (!scanner.accept("}")) {
    do {
      const id = scanner.string("an item id");
      const where = `item ${JSON.stringify(id)}`;
      scanner.expect(":", `after ${where}`);
      yield { id, codes: codesOf(scanner, where), where };
    } while (scanner.accept(","));
    scanner.expect("}", "or a comma after an item");
  }
  scanner.end();
}

function codesOf(scanner: JsonScanner, where: string): number[] {
  const codes: number[] = [];
  scanner.expect("[", `of ${where}`);
  if (scanner.accept("]")) return codes;
  do {
    const token = scanner.string(`a code token of ${where}`);
    codes.push(codeOf(token, { level: codes.length, where }));
  } while (scanner.accept(","));
  scanner.expect("]", `or a comma among the codes of ${where}`);
  return codes;
}

function codeOf(token: string, { level, where }: { level: number; where: string }): number {
  const letter = String.fromCharCode("a".charCodeAt(0) + level);
  const match = /^<([a-z])_(0|[1-9][0-9]*)>$/.exec(token);
  if (match?.[1] === letter) return Number(match[2]);
  const fault = match ? "has the letter of another level" : "is not a code token";
  throw new CatalogueError({
    code: "BAD_CODE",
    problem: `${where}: ${JSON.stringify(token)} at level ${level + 1} ${fault}`,
    remedy: `Write the codes in the order of their levels; this one must look like <${letter}_123>`,
  });
}
