import { createHash } from "node:crypto";
import { type PartRecord, rejectedFileOf } from "./records.js";

/** A file of a part that is not the one that was committed. */
export interface DamagedFile {
  readonly index: number;
  /** Relative to the run's directory. */
  readonly file: string;
  /** Such as "is missing". */
  readonly problem: string;
}

/**
 * Compares the files of a part with its commit record: sizes, then hashes, read as a stream. A manifest vouches for the
 * hashes, so it is written only after this.
 *
 * @param open the content of a file; undefined if it is missing
 * @returns the first file that differs
 */
export async function damagedFile(
  record: PartRecord,
  open: (file: string) => AsyncIterable<Uint8Array>,
): Promise<DamagedFile | undefined> {
  const { index, bytes, sha256, rejectedSha256, searches, answers } = record;
  const differ = async (file: string, expected: { bytes?: number; sha256: string }) => {
    const found = await hashOf(open(file));
    if (expected.bytes !== undefined && found.bytes !== expected.bytes) {
      return { index, file, problem: `has ${found.bytes} bytes instead of ${expected.bytes}` };
    }
    if (found.sha256 === expected.sha256) return undefined;
    return { index, file, problem: "has another content than was committed" };
  };
  const part = await differ(record.file, { bytes, sha256 });
  if (part !== undefined) return part;
  const rejected = rejectedFileOf(record);
  if (rejected !== undefined && rejectedSha256 !== undefined) {
    const found = await differ(rejected, { sha256: rejectedSha256 });
    if (found !== undefined) return found;
  }
  for (const beside of [searches, answers]) {
    const found = beside === undefined ? undefined : await differ(beside.file, beside);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function hashOf(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}
