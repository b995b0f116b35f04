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

/** The rejected rows of a part; none if its file was removed. @throws RunError STORE_DAMAGED; StoreError STORE_FAILED */
export async function readRejected(
  files: Pick<RecordFiles, "location" | "read">,
  record: PartRecord,
): Promise<RejectedRow[]> {
  const name = rejectedFileOf(record);
  const bytes = name === undefined ? undefined : await files.read(name);
  if (bytes === undefined) return [];
  const lines = new TextDecoder().decode(bytes).split("\n");
  return lines
    .filter((line) => line !== "")
    .map((line, at) => {
      const row = parseRow(line);
      if (row !== undefined) return row;
      throw new RunError(
        "STORE_DAMAGED",
        `${files.location}/${name} is damaged: line ${at + 1} is not a rejected row. Restore the file.`,
      );
    });
}

function parseRow(line: string): RejectedRow | undefined {
  try {
    return rowSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
