import { isUtf8 } from "node:buffer";
import type { CatalogueBuilder } from "@nightbeam/catalogue";
import { excerpt, parseCodePath } from "@nightbeam/catalogue";
import { DatasetError } from "../errors.js";
import { readLines } from "../files/lines.js";

const PATH = /^(<[^<>]+>){2,}$/;

/** Whether a line is one of MiniOneRec's: `<a_1><b_2> TAB title TAB item`, or `item TAB … TAB <a_1><b_2>`. */
export function isInfoLine(line: string): boolean {
  return fieldsOf(line) !== undefined;
}

/**
 * Adds the items of lines with a code path, perhaps a title, and an item's id, between tabs.
 *
 * @throws DatasetError BAD_CATALOGUE, UNREADABLE; CatalogueError
 */
export async function addInfoLines(builder: CatalogueBuilder, path: string): Promise<void> {
  for await (const lines of readLines({ path })) {
    for (const { number, bytes } of lines) {
      const where = `line ${number}`;
      if (bytes === null || !isUtf8(bytes)) throw badLine(path, where, "is not UTF-8 text");
      const text = bytes.toString("utf8");
      if (text.trim() === "") continue;
      const fields = fieldsOf(text);
      if (fields === undefined) {
        throw badLine(path, where, `is ${excerpt(text)}`);
      }
      builder.add({ id: fields.item, codes: parseCodePath(fields.path, where), where });
    }
  }
}

function fieldsOf(line: string): { readonly path: string; readonly item: string } | undefined {
  const fields = line.trimEnd().split("\t");
  const first = fields[0]?.trim() ?? "";
  const last = fields.at(-1)?.trim() ?? "";
  if (fields.length < 2 || PATH.test(first) === PATH.test(last)) return undefined;
  return PATH.test(first) ? { path: first, item: last } : { path: last, item: first };
}

function badLine(path: string, where: string, problem: string): DatasetError {
  return new DatasetError(
    "BAD_CATALOGUE",
    `${path}: ${where} ${problem}. Each line must be <a_1><b_2> TAB title TAB item, the same on all lines.`,
  );
}
