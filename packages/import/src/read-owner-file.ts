import type { Line } from "@nightbeam/dataset";
import { DatasetError } from "@nightbeam/dataset";
import type { JsonLinesFile } from "./json-lines-file.js";
import type { BadRecord, OwnerFile } from "./owner-files.js";

/** Lines of a file, and how many of them could not be used. */
export interface LineCounts {
  readonly path: string;
  readonly lines: number;
  readonly rejected: number;
}

/** Called with a line about the progress of an import. */
export type OnProgress = (text: string) => void;

/** A file of the wrong kind is recognized within this many lines. */
const EARLY_LINES = 1_000;
const PROGRESS_LINES = 1_000_000;

/**
 * Calls `take` with the valid records of a file, in order; the others are listed with line and reason.
 *
 * @param options.take returns why a record is rejected, or undefined
 * @throws DatasetError UNKNOWN_FORMAT if the file is empty or most of its lines are bad;
 * FILE_NOT_FOUND, UNREADABLE, WRITE_FAILED
 */
export async function readOwnerFile<Good extends { readonly kind: string }>(options: {
  readonly file: OwnerFile<Good>;
  readonly rejected: JsonLinesFile;
  readonly take: (record: Good, line: number) => string | undefined;
  readonly onProgress: OnProgress;
}): Promise<LineCounts> {
  const { file, rejected, onProgress } = options;
  const { path } = file.table;
  const counts = { path, lines: 0, rejected: 0 };
  let first: string | undefined;
  const reject = (line: number, reason: string): void => {
    first ??= `line ${line}: ${reason}`;
    rejected.add({ file: path, line, reason });
    counts.rejected++;
  };
  for await (const lines of file.table.lines()) {
    for (const line of lines) {
      if (line.bytes?.length === 0) continue;
      counts.lines++;
      const problem = recordProblem(line, options);
      if (problem !== undefined) reject(line.number, problem);
      if (counts.lines === EARLY_LINES && counts.rejected === EARLY_LINES) {
        throw mostlyBad(file, counts, first);
      }
      if (counts.lines % PROGRESS_LINES === 0) onProgress(`${path}: ${counts.lines} lines read`);
    }
    await rejected.flush();
  }
  if (counts.lines === 0 || counts.rejected * 2 > counts.lines) {
    throw mostlyBad(file, counts, first);
  }
  return counts;
}

/** Takes one line and returns what is wrong with it. */
function recordProblem<Good extends { readonly kind: string }>(
  line: Line,
  options: {
    readonly file: OwnerFile<Good>;
    readonly take: (record: Good, line: number) => string | undefined;
  },
): string | undefined {
  const record = options.file.table.parse(line);
  if (!record.ok) return record.detail;
  const read = options.file.read(record.values);
  return isBad(read) ? read.detail : options.take(read, line.number);
}

function isBad<Good extends { readonly kind: string }>(
  record: Good | BadRecord,
): record is BadRecord {
  return record.kind === "bad";
}

function mostlyBad(
  file: OwnerFile<unknown>,
  counts: LineCounts,
  first: string | undefined,
): DatasetError {
  const { path, lines, rejected } = counts;
  const seen =
    lines === 0 ? "has no lines" : `${rejected} of ${lines} lines cannot be read (${first})`;
  return new DatasetError(
    "UNKNOWN_FORMAT",
    `${path}: ${seen}; expected ${file.expected}. Check that it is the published file of that name.`,
  );
}
