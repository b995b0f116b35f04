import { jsonProblem, schemaProblem } from "@nightbeam/catalogue";
import { readLines } from "@nightbeam/dataset";
import type { RecordFiles } from "@nightbeam/store";
import { z } from "zod";
import { RunError, type RunErrorCode } from "../errors.js";
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
    yield lines.flatMap(({ number, bytes }): RejectedRow[] => {
      if (bytes !== null && bytes.length === 0) return [];
      const place = { path, line: number, code: "RUN_DAMAGED" } as const;
      return [rowOf(bytes?.toString("utf8") ?? "", place)];
    });
  }
}

/** The rejected rows of a part; none if its file was removed. @throws RunError STORE_DAMAGED; StoreError STORE_FAILED */
export async function readPartRejected(
  files: Pick<RecordFiles, "location" | "read">,
  record: PartRecord,
): Promise<RejectedRow[]> {
  const name = rejectedFileOf(record);
  const bytes = name === undefined ? undefined : await files.read(name);
  if (bytes === undefined) return [];
  const path = `${files.location}/${name}`;
  const lines = new TextDecoder().decode(bytes).split("\n");
  return lines.flatMap((text, at) =>
    text === "" ? [] : [rowOf(text, { path, line: at + 1, code: "STORE_DAMAGED" })],
  );
}

function rowOf(
  text: string,
  place: { readonly path: string; readonly line: number; readonly code: RunErrorCode },
): RejectedRow {
  const damaged = (problem: string) =>
    new RunError(
      place.code,
      `${place.path}, line ${place.line}: ${problem}. Restore the file, or repeat the run in another directory.`,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(jsonProblem(error));
  }
  const parsed = rowSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw damaged(schemaProblem(parsed.error));
}
