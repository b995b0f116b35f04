import { reasonOf } from "@nightbeam/dataset";
import type { RecordFiles } from "@nightbeam/store";
import { z } from "zod";
import { RunError } from "../errors.js";

/** Reads a record, or undefined where there is none. @throws RunError RUN_DAMAGED */
export async function readRecord<T>(
  files: Pick<RecordFiles, "location" | "read">,
  name: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const bytes = await files.read(name);
  if (bytes === undefined) return undefined;
  const place = `${files.location}/${name}`;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw recordDamaged(place, reasonOf(error));
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw recordDamaged(place, z.prettifyError(parsed.error).replaceAll("\n", " "));
}

/** A record as it stands in a file: JSON for people to read, the same bytes for the same value. */
export function recordBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

/** The error for a record at `place` that is not what its name promises. */
export function recordDamaged(place: string, problem: string): RunError {
  return new RunError(
    "RUN_DAMAGED",
    `${place} is damaged or of another version (${problem}). ` +
      "Remove a damaged commit record to have its part made again; else start in another directory.",
  );
}
