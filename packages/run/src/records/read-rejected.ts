import { jsonProblem, schemaProblem } from "@nightbeam/catalogue";
import { readLines } from "@nightbeam/dataset";
import type { RecordFiles } from "@nightbeam/store";
import { z } from "zod";
import { RunError } from "../errors.js";
import { type PartRecord, type RejectedRow, rejectedFileOf } from "./records.js";

const rowSchema = z.object({
  row: z.int().min(0),
  user: z.string().exactOptional(),
  reason: z.string(),
  detail: z.string(),
});

/** Streams the rejected rows of a finished run. @throws RunError RUN_DAMAGED; DatasetError FILE_NOT_FOUND, UNREADABLE */
export async function* readRejected(path: string): AsyncGenerator<RejectedRow[]> {
  for await (const lines of readLines({ path })) {
    yield lines.flatMap(({ number, bytes }) =>
      rowsIn(bytes?.toString("utf8") ?? "?", { path, number }),
    );
  }
}

/** The rejected rows of a part; none if their file was removed. @throws RunError RUN_DAMAGED; StoreError STORE_FAILED */
export async function readPartRejected(
  files: Pick<RecordFiles, "location" | "read">,
  record: PartRecord,
): Promise<RejectedRow[]> {
  const name = rejectedFileOf(record);
  const bytes = name === undefined ? undefined : await files.read(name);
  if (bytes === undefined) return [];
  const path = `${files.location}/${name}`;
  const lines = new TextDecoder().decode(bytes).split("\n");
  return lines.flatMap((line, at) => rowsIn(line, { path, number: at + 1 }));
}

interface Place {
  readonly path: string;
  readonly number: number;
}

/** The row of a line; none for an empty one. */
function rowsIn(line: string, place: Place): RejectedRow[] {
  if (line === "") return [];
  const parsed = rowSchema.safeParse(jsonOf(line, place));
  if (parsed.success) return [parsed.data];
  throw damaged(place, schemaProblem(parsed.error));
}

function jsonOf(line: string, place: Place): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw damaged(place, jsonProblem(error));
  }
}

function damaged({ path, number }: Place, problem: string): RunError {
  return new RunError(
    "RUN_DAMAGED",
    `${path}, line ${number}: ${problem}. Restore the file, or repeat the run in another directory.`,
  );
}
