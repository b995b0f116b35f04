import { constants } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import type { Catalogue } from "@nightbeam/catalogue";
import {
  CatalogueBuilder,
  CatalogueError,
  decodePrepared,
  encodePrepared,
  LcRecReader,
} from "@nightbeam/catalogue";
import { openRegular, writeDurably } from "@nightbeam/store";
import type { DuckDbOptions } from "../duckdb/open-duckdb.js";
import { DatasetError, readFailure } from "../errors.js";
import { readLimited, readWhole } from "../files/open-bytes.js";
import { addTextTable } from "./catalogue-table.js";
import { addInfoLines } from "./info-lines.js";
import { addJsonArray } from "./json-array.js";
import { addParquet } from "./parquet-items.js";
import { type CatalogueShape, sniffCatalogue } from "./sniff.js";

/**
 * Opens a catalogue file: an LC-Rec index (`{"item": ["<a_1>", …]}`), a table (Parquet, CSV, JSON lines or a JSON array, with
 * an item's id and its codes), lines of MiniOneRec's info.txt, or a file of `writePreparedCatalogue`. What it is follows
 * from its content. All but Parquet may be compressed with gzip or Zstandard.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE, UNKNOWN_FORMAT, MISSING_COLUMN, COLUMN_TYPE, BAD_CATALOGUE
 */
export async function openCatalogue(
  path: string,
  options: { readonly duckdb?: DuckDbOptions } = {},
): Promise<Catalogue> {
  try {
    const shape = await sniffCatalogue(path);
    if (shape.format === "prepared") return decodePrepared(await readPrepared(path));
    const builder = new CatalogueBuilder();
    await addItems(builder, { path, shape, duckdb: options.duckdb });
    return builder.build();
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw readFailure(path, error);
    throw new DatasetError("BAD_CATALOGUE", `${path}: ${error.message}`, { cause: error });
  }
}

async function addItems(
  builder: CatalogueBuilder,
  source: {
    readonly path: string;
    readonly shape: Exclude<CatalogueShape, { format: "prepared" }>;
    readonly duckdb: DuckDbOptions | undefined;
  },
): Promise<void> {
  const { path, shape } = source;
  switch (shape.format) {
    case "lc-rec":
      return addIndex(builder, path);
    case "parquet":
      return addParquet(builder, source);
    case "csv":
    case "jsonl":
      return addTextTable(builder, { path, ...shape });
    case "info":
      return addInfoLines(builder, path);
    case "json-array":
      return addJsonArray(builder, path, await readText(path));
    default:
      return shape satisfies never;
  }
}

async function addIndex(builder: CatalogueBuilder, path: string): Promise<void> {
  const reader = new LcRecReader(builder);
  for await (const piece of readLimited(path)) reader.push(piece);
  reader.end();
}

/**
 * Writes a catalogue in a format that opens without parsing. The file is complete or absent.
 *
 * @throws StoreError WRITE_FAILED
 */
export function writePreparedCatalogue(catalogue: Catalogue, path: string): Promise<void> {
  return writeDurably(path, encodePrepared(catalogue));
}

async function readText(path: string): Promise<string> {
  const bytes = await readWhole(path);
  if (bytes.length > constants.MAX_STRING_LENGTH) {
    throw new DatasetError(
      "UNREADABLE",
      `${path} has ${bytes.length} bytes, more than a string can hold. ` +
        "Write the catalogue as a table with columns item_id, c0, c1, …",
    );
  }
  const text = bytes.toString("utf8");
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** The bytes of a prepared catalogue, in shared memory if they are not compressed. */
async function readPrepared(path: string): Promise<Uint8Array> {
  const bytes = await readShared(path);
  const isPlain = Buffer.from(bytes.subarray(0, 8)).toString("latin1") === "NBCATLOG";
  return isPlain ? bytes : readWhole(path);
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
  const file = await openRegular(path);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
