import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { DatasetError } from "../errors.js";
import { splitCsvLine } from "../files/csv-line.js";
import { catalogueColumns } from "./catalogue-columns.js";
import { isInfoLine } from "./info-lines.js";

/** What a catalogue file is, as its first bytes and its name show. */
export type CatalogueShape =
  | { readonly format: "lc-rec"; readonly gzip: boolean }
  | { readonly format: "json-array"; readonly gzip: boolean }
  | { readonly format: "jsonl"; readonly gzip: boolean }
  | { readonly format: "csv"; readonly gzip: boolean; readonly delimiter: string }
  | { readonly format: "info"; readonly gzip: boolean }
  | { readonly format: "prepared"; readonly gzip: boolean }
  | { readonly format: "parquet"; readonly gzip: false };

const SNIFFED_BYTES = 64 * 1024;
const DELIMITERS = [",", "\t", ";", "|"] as const;
/** Files that are not read, by their first bytes in hex: what they are, and how to get a catalogue out of them. */
const FOREIGN: readonly (readonly [start: string, what: string, remedy: string])[] = [
  ["28b52ffd", "compressed with zstd", "Unpack it (zstd -d), or compress it with gzip"],
  ["425a68", "compressed with bzip2", "Unpack it, or compress it with gzip"],
  ["fd377a585a", "compressed with xz", "Unpack it, or compress it with gzip"],
  ["504b0304", "a zip archive, as torch.save and numpy write", "Write its items and codes as JSON"],
  ["934e554d5059", "a NumPy array", "Write items and codes as JSON: an array has no item ids"],
  ...["8002", "8003", "8004", "8005"].map(
    (start) => [start, "a Python pickle", "Write its items and codes as JSON"] as const,
  ),
];

/**
 * Finds out what a catalogue file is: by its content, and by its name only if the content leaves a choice.
 *
 * @throws DatasetError UNKNOWN_FORMAT, with the formats that are read; the file system's errors
 */
export async function sniffCatalogue(path: string): Promise<CatalogueShape> {
  const head = await firstBytes(path);
  const gzip = head[0] === 0x1f && head[1] === 0x8b;
  const bytes = gzip ? await unpackedStart(head) : head;
  const start = bytes.toString("latin1");
  if (start.startsWith("PAR1")) {
    if (!gzip) return { format: "parquet", gzip };
    throw unknown(path, "it is Parquet inside gzip. Unpack it: Parquet is compressed already");
  }
  if (start.startsWith("NBCATLOG")) return { format: "prepared", gzip };
  const hex = bytes.toString("hex", 0, 8);
  const foreign = FOREIGN.find(([magic]) => hex.startsWith(magic));
  if (foreign !== undefined) throw unknown(path, `it is ${foreign[1]}. ${foreign[2]}`);
  const text = bytes
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    .trimStart();
  return { ...textShape(path, text), gzip };
}

function textShape(path: string, text: string) {
  const name = path.toLowerCase().replace(/\.gz$/, "");
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
  throw unknown(
    path,
    `it begins with ${JSON.stringify(first.slice(0, 60))}. Write it in one of these`,
  );
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

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const bytes = Buffer.alloc(SNIFFED_BYTES);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** As much as the first bytes of a gzip file unpack to. */
async function unpackedStart(head: Buffer): Promise<Buffer> {
  const gunzip = createGunzip();
  const chunks: Buffer[] = [];
  gunzip.on("data", (chunk: Buffer) => chunks.push(chunk));
  // The end is cut off; damage inside is found when the file is read.
  await pipeline([head], gunzip).catch(() => undefined);
  return Buffer.concat(chunks);
}

function unknown(path: string, problem: string): DatasetError {
  return new DatasetError(
    "UNKNOWN_FORMAT",
    `${path} is not a catalogue: ${problem}. Catalogues are an index {"item": ["<a_1>", "<b_2>"]} in JSON; Parquet, CSV, ` +
      "TSV or JSON lines with item_id and c0, c1, … or a column of code paths; lines <a_1><b_2> TAB title TAB item; " +
      "or a file of `nightbeam catalogue --out`. Each but Parquet may be compressed with gzip.",
  );
}
