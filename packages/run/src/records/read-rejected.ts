import { jsonProblem, schemaProblem } from "@nightbeam/catalogue";
import { readLines } from "@nightbeam/dataset";
import { z } from "zod";
import { RunError } from "../errors.js";
import type { RejectedRow } from "./records.js";

const rowSchema = z.object({
  row: z.int().min(0),
  user: z.string().exactOptional(),
  reason: z.string(),
  detail: z.string(),
});

/** Streams the rejected rows of a finished run. @throws RunError RUN_DAMAGED; DatasetError FILE_NOT_FOUND, UNREADABLE */
export async function* readRejected(path: string): AsyncGenerator<RejectedRow[]> {
  for await (const lines of readLines({ path })) {
    yield lines.flatMap(({ number, bytes }): RejectedRow[] => {
      if (bytes !== null && bytes.length === 0) return [];
      const parsed = rowSchema.safeParse(jsonOf(bytes?.toString("utf8") ?? "", path, number));
      if (parsed.success) return [parsed.data];
      throw damaged(path, number, schemaProblem(parsed.error));
    });
  }
}

function jsonOf(line: string, path: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw damaged(path, number, jsonProblem(error));
  }
}

function damaged(path: string, line: number, problem: string): RunError {
  return new RunError(
    "RUN_DAMAGED",
    `${path}, line ${line}: ${problem}. Restore the file, or repeat the run in another directory.`,
  );
}
