import { jsonProblem, schemaProblem } from "@nightbeam/catalogue";
import type { RecordFiles } from "@nightbeam/store";
import type { z } from "zod";
import { RunError } from "../errors.js";

/** The code for a damaged record: on one machine the run is damaged, in a cluster its store. */
export type DamageCode = "RUN_DAMAGED" | "STORE_DAMAGED";

export interface RecordSource<Value> {
  readonly name: string;
  readonly schema: z.ZodType<Value>;
  /** Default: RUN_DAMAGED. */
  readonly damage?: DamageCode;
}

/** Reads a record; undefined if it does not exist. @throws RunError, with the code of `damage` */
export async function readRecord<Value>(
  files: Pick<RecordFiles, "location" | "read">,
  { name, schema, damage = "RUN_DAMAGED" }: RecordSource<Value>,
): Promise<Value | undefined> {
  const bytes = await files.read(name);
  if (bytes === undefined) return undefined;
  const place = `${files.location}/${name}`;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw recordDamaged(place, { damage, problem: jsonProblem(error) });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problem = schemaProblem(parsed.error);
  throw recordDamaged(place, { damage, problem });
}

/** A record as bytes: indented JSON, the same bytes for the same value. */
export function recordBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

/** The error for a record at `place` that does not hold what its name promises. */
export function recordDamaged(
  place: string,
  { damage, problem }: { readonly damage: DamageCode; readonly problem: string },
): RunError {
  return new RunError(
    damage,
    `${place} is damaged or of another version (${problem}). ` +
      "Remove a damaged commit record to have its part made again; otherwise start in another directory.",
  );
}
