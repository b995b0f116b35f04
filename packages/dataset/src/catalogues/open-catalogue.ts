import { constants } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import type { Catalogue } from "@nightbeam/catalogue";
import {
  CatalogueError,
  decodePrepared,
  encodePrepared,
  parseLcRecIndex,
} from "@nightbeam/catalogue";
import { writeDurably } from "@nightbeam/store";
import type { DuckDbOptions } from "../duckdb/open-duckdb.js";
import { DatasetError, readFailure } from "../errors.js";
import { readCatalogueTable } from "./catalogue-table.js";

/** The file format of a catalogue. */
export type CatalogueFormat = "lc-rec" | "jsonl" | "csv" | "parquet" | "prepared";

/** Known extensions. The format of other files follows from their first bytes. */
const FORMATS_BY_EXTENSION: readonly (readonly [RegExp, CatalogueFormat])[] = [
  [/\.(jsonl|ndjson)(\.gz)?$/i, "jsonl"],
  [/\.(csv|tsv)(\.gz)?$/i, "csv"],
  [/\.(parquet|pq)$/i, "parquet"],
];

/**
 * Opens a catalogue file: an LC-Rec index (`{"item": ["<a_1>", …]}`), a table (Parquet, CSV or JSONL
 * with columns item_id, c0, c1, …), or a file of `writePreparedCatalogue`.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE, MISSING_COLUMN, COLUMN_TYPE, BAD_CATALOGUE
 */
export async function openCatalogue(
  path: string,
  options: { readonly format?: CatalogueFormat; readonly duckdb?: DuckDbOptions } = {},
): Promise<Catalogue> {
  try {
    const format = options.format ?? (await formatOf(path));
    if (format === "prepared") return decodePrepared(await readShared(path));
    if (format === "lc-rec") return parseLcRecIndex(await readText(path));
    return await readCatalogueTable({ path, format, duckdb: options.duckdb });
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw readFailure(path, error);
    throw new DatasetError("BAD_CATALOGUE", `${path}: ${error.message}`, { cause: error });
  }
}

/**
 * Writes a catalogue in a format that opens without parsing. The file is complete or absent.
 *
 * @throws StoreError WRITE_FAILED
 */
export function writePreparedCatalogue(catalogue: Catalogue, path: string): Promise<void> {
  return writeDurably(path, encodePrepared(catalogue));
}

async function formatOf(path: string): Promise<CatalogueFormat> {
  const named = FORMATS_BY_EXTENSION.find(([extension]) => extension.test(path))?.[1];
  if (named !== undefined) return named;
  const start = await withFile(path, async (file) => {
    const bytes = Buffer.alloc(64);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.toString("latin1", 0, bytesRead);
  });
  if (start.startsWith("PAR1")) return "parquet";
  // After a byte-order mark, in latin1.
  return /^(ï»¿)?\s*\{/.test(start) ? "lc-rec" : "prepared";
}

async function readText(path: string): Promise<string> {
  return withFile(path, async (file) => {
    const { size } = await file.stat();
    if (size > constants.MAX_STRING_LENGTH) {
      throw new DatasetError(
        "UNREADABLE",
        `${path} has ${size} bytes, more than a string can hold. ` +
          "Write the catalogue as a table with columns item_id, c0, c1, …",
      );
    }
    const text = await file.readFile("utf8");
    return text.startsWith("\uFEFF") ? text.slice(1) : text;
  });
}

/** The file in shared memory, which a prepared catalogue uses directly and threads can share. */
async function readShared(path: string): Promise<Uint8Array> {
  return withFile(path, async (file) => {
    const { size } = await file.stat();
    const bytes = new Uint8Array(new SharedArrayBuffer(size));
    let at = 0;
    while (at < size) {
      const { bytesRead } = await file.read(bytes, at, size - at, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  });
}

async function withFile<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, "r");
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
