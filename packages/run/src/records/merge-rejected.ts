import { type PartRecord, rejectedFileOf } from "./records.js";

/**
 * The rejected rows of all parts as one file, in the order of the records. The same records give the
 * same bytes. A stream, because a run can reject more rows than fit in memory.
 */
export async function* mergeRejected(
  records: readonly PartRecord[],
  open: (file: string) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const record of records) {
    const file = rejectedFileOf(record);
    if (file !== undefined) yield* open(file);
  }
}
