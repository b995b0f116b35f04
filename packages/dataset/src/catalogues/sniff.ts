import { excerpt } from "@nightbeam/catalogue";
import { DatasetError } from "../errors.js";
import { splitCsvLine } from "../files/csv-line.js";
import { isParquet, readBytes } from "../files/open-bytes.js";
import { catalogueColumns } from "./catalogue-columns.js";
import { isInfoLine } from "./info-lines.js";

/** What a catalogue file is, as its first bytes and its name show. */
export type CatalogueShape =
  | { readonly format: "lc-rec" }
  | { readonly format: "json-array" }
  | { readonly format: "jsonl" }
  | { readonly format: "csv"; readonly delimiter: string }
  | { readonly format: "info" }
  | { readonly format: "prepared" }
  | { readonly format: "parquet" };

const SNIFFED_BYTES = 64 * 1024;
const DELIMITERS = [",", "\t", ";", "|"] as const;
/**
 * Finds out what a catalogue file is: by its content, and by its name only if the content leaves a choice.
 *
 * @throws DatasetError UNKNOWN_FORMAT, with the formats that are read; FILE_NOT_FOUND, UNREADABLE
 */
export async function sniffCatalogue(path: string): Promise<CatalogueShape> {
  if (await isParquet(path)) return { format: "parquet" };
  const bytes = await firstBytes(path);
  const start = bytes.toString("latin1", 0, 8);
  if (start.startsWith("PAR1")) {
    throw unknown(path, "it is Parquet that was compressed again. Unpack it");
  }
  if (start === "NBCATLOG") return { format: "prepared" };
  const text = bytes
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    .trimStart();
  return textShape(path, text);
}

function textShape(path: string, text: string) {
  const name = path.toLowerCase().replace(/\.(gz|zst)$/, "");
  const lines = text.split("\n");
  const first = (lines[0] ?? "").replace(/\r$/, "");
  if (text.startsWith("[")) return { format: "json-array" } as const;
  if (text.startsWith("{")) {
    const isLines = first.trimEnd().endsWith("}") && /^\s*\{/.test(lines[1] ?? "");
    const jsonl = isLines || /\.(jsonl|ndjson)$/.test(name) || isRecord(first);
    return jsonl ? ({ format: "jsonl" } as const) : ({ format: "lc-rec" } as const);
  }
  if (isInfoLine(first)) return { format: "info" } as const;
  const usual = name.endsWith(".tsv") ? "\t" : ",";
  const delimiter = [usual, ...DELIMITERS].find((one) => isHeader(first, one));
  if (delimiter !== undefined) return { format: "csv", delimiter } as const;
  // Its name says what it should be; the reader then says what its columns lack.
  if (/\.(csv|tsv)$/.test(name)) return { format: "csv", delimiter: usual } as const;
  throw unknown(path, `it begins with ${excerpt(first)}. Write it in one of these`);
}

/** Whether a line is an object with the columns of a table, and not an index of one item. */
function isRecord(line: string): boolean {
  try {
    return catalogueColumns(Object.keys(JSON.parse(line))) !== undefined;
  } catch {
    return false;
  }
}

function isHeader(line: string, delimiter: string): boolean {
  const split = splitCsvLine(line, delimiter);
  return split.ok && catalogueColumns(split.fields.map((name) => name.trim())) !== undefined;
}

/** The first bytes, unpacked. */
async function firstBytes(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of readBytes(path)) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= SNIFFED_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, SNIFFED_BYTES);
}

function unknown(path: string, problem: string): DatasetError {
  return new DatasetError(
    "UNKNOWN_FORMAT",
    `${path} is not a catalogue: ${problem}. Catalogues are an index {"item": ["<a_1>", "<b_2>"]} in JSON; Parquet, CSV, ` +
      "TSV or JSON lines with item_id and c0, c1, … or a column of code paths; lines <a_1><b_2> TAB title TAB item; " +
      "or a file of `nightbeam catalogue --out`. Each but Parquet may be compressed with gzip or Zstandard.",
  );
}
