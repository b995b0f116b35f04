import { createHash } from "node:crypto";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { assertRegular, refuseKernelFile } from "@nightbeam/store";
import { withDuckDb } from "../duckdb/open-duckdb.js";
import { sqlText } from "../duckdb/sql.js";
import { textValue } from "../duckdb/values.js";
import { DatasetError, readFailure } from "../errors.js";
import { fileHash } from "./file-hash.js";

/** One or several files, directories and patterns such as `data/part-*.parquet`. */
export type InputPaths = string | readonly string[];

/** A file of an input. */
export interface InputFile {
  readonly path: string;
  /** Its name within the input, for messages. */
  readonly name: string;
  /** The `key=value` directories that it lies in, as Hive and Spark write them. */
  readonly partitions: Readonly<Record<string, string | null>>;
}

const WILDCARD = /[*?[]/;
/** Hive's name for a missing value. */
const NO_VALUE = "__HIVE_DEFAULT_PARTITION__";

/**
 * Returns the files of an input, in the order in which the paths are given; those of a directory or a
 * pattern in the order of their paths, by UTF-16 code units. A directory stands for all files in it and
 * below it, without those that are empty or whose names begin with `.` or `_`. A path that exists is
 * taken literally, even if it has wildcards.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE; BAD_OPTION for a file that is given twice;
 * UNKNOWN_FORMAT for a Delta, Iceberg or Hudi table
 */
export async function inputFiles(paths: InputPaths): Promise<readonly InputFile[]> {
  const given = typeof paths === "string" ? [paths] : paths;
  const files: InputFile[] = [];
  for (const path of given) files.push(...(await filesOf(path)));
  const seen = new Set<string>();
  for (const { path } of files) {
    if (!seen.has(path)) seen.add(path);
    else throw new DatasetError("BAD_OPTION", `${path} is given twice. Give every file once.`);
  }
  return files;
}

/**
 * The hash of an input: of one file its SHA-256, of several a hash of their names and hashes.
 *
 * @throws DatasetError as `inputFiles`; the signal's reason
 */
export async function inputHash(paths: InputPaths, signal?: AbortSignal): Promise<string> {
  const files = await inputFiles(paths);
  const [only] = files;
  if (only !== undefined && files.length === 1) return fileHash(only.path, signal);
  const hash = createHash("sha256");
  for (const { path, name } of files) {
    const own = await fileHash(path, signal);
    hash.update(`${JSON.stringify([name, own])}\n`);
  }
  return hash.digest("hex");
}

async function filesOf(path: string): Promise<InputFile[]> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) {
    throw new DatasetError("FILE_NOT_FOUND", `${path} is not on this machine. Copy it here first.`);
  }
  try {
    const found = await stat(path);
    if (!found.isDirectory()) {
      await assertRegular(path);
      return [fileAt(path, basename(path))];
    }
    await refuseTableFormats(path);
    const inside = await filesIn(path);
    return filled(
      path,
      inside.map((file) => fileAt(file, relative(path, file))),
    );
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!missing || !WILDCARD.test(path)) throw readFailure(path, error);
  }
  const matching = await matchingFiles(path);
  const fixed = path.slice(0, path.search(WILDCARD));
  const root = fixed.slice(0, Math.max(fixed.lastIndexOf("/"), fixed.lastIndexOf(sep)) + 1);
  return filled(
    path,
    matching.map((file) => fileAt(file, file.slice(root.length))),
  );
}

function filled(path: string, files: InputFile[]): InputFile[] {
  if (files.length > 0) return files;
  throw new DatasetError(
    "FILE_NOT_FOUND",
    `${path}: no file is there, apart from empty ones and those whose names begin with . or _.`,
  );
}

function fileAt(path: string, name: string): InputFile {
  const folders = path.split(/[\\/]/).slice(0, -1);
  const partitions = folders.flatMap((folder): [string, string | null][] => {
    const [, key, value = ""] = /^([^=]+)=(.*)$/.exec(folder) ?? [];
    return key === undefined ? [] : [[key, value === NO_VALUE ? null : unescaped(value)]];
  });
  return { path, name, partitions: Object.fromEntries(partitions) };
}

/** Hive writes special characters as `%3A`. */
function unescaped(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** @param above the directories that this one is in, with links resolved: a link to one of them would never end */
async function filesIn(directory: string, above: readonly string[] = []): Promise<string[]> {
  await refuseKernelFile(directory);
  const real = await realpath(directory);
  if (above.includes(real)) return [];
  const files: string[] = [];
  for (const name of await readdir(directory)) {
    if (isHidden(name)) continue;
    const path = join(directory, name);
    const found = await stat(path);
    if (found.isDirectory()) files.push(...(await filesIn(path, [...above, real])));
    else if (found.size > 0) files.push(path);
  }
  return files.toSorted(byCodeUnits);
}

/** DuckDB's patterns: `*`, `**`, `?` and `[…]`. */
async function matchingFiles(pattern: string): Promise<string[]> {
  const found = await withDuckDb(undefined, async (connection) => {
    const sql = `SELECT file FROM glob(${sqlText(pattern)})`;
    const reader = await connection.runAndReadAll(sql);
    return reader.getRows().flatMap(([file]) => textValue(file) ?? []);
  });
  const fixed = pattern.slice(0, pattern.search(WILDCARD)).split(/[\\/]/).length - 1;
  const files: string[] = [];
  for (const path of found) {
    // As in a directory: what lies below a hidden one is hidden.
    const names = path.split(/[\\/]/).slice(fixed);
    const { size } = await stat(path);
    if (!names.some(isHidden) && size > 0) files.push(path);
  }
  return files.toSorted(byCodeUnits);
}

function isHidden(name: string): boolean {
  return name.startsWith(".") || name.startsWith("_");
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Their directories also hold files that no longer belong to the table. */
async function refuseTableFormats(directory: string): Promise<void> {
  const names = new Set(await readdir(directory));
  const kind = names.has("_delta_log")
    ? "a Delta"
    : names.has(".hoodie")
      ? "a Hudi"
      : names.has("metadata") && names.has("data")
        ? "an Iceberg"
        : undefined;
  if (kind === undefined) return;
  throw new DatasetError(
    "UNKNOWN_FORMAT",
    `${directory} is ${kind} table, whose files include deleted rows. Write the table as plain Parquet ` +
      "files and give their directory.",
  );
}
