import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFailure } from "@nightbeam/dataset";
import { publish, tempPath } from "@nightbeam/store";
import type { PartRecord } from "../records/records.js";
import { rejectedFileOf } from "../records/records.js";
import { REJECTED_FILE } from "../records/run-files.js";

/** Joins the parts' rejected rows into one file. @throws RunError WRITE_FAILED */
export async function mergeRejected(dir: string, records: readonly PartRecord[]): Promise<void> {
  const path = join(dir, REJECTED_FILE);
  const temp = tempPath(path);
  try {
    const file = await open(temp, "wx");
    try {
      for (const record of records) {
        const rejected = rejectedFileOf(record);
        if (rejected === undefined) continue;
        const part = createReadStream(join(dir, rejected));
        for await (const bytes of part) await file.appendFile(bytes);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await publish(temp, path);
  } catch (error) {
    await rm(temp, { force: true });
    throw writeFailure(path, error);
  }
}
